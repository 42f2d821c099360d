#nullable enable
using System;

namespace StreamDit
{
    /// <summary>
    /// One frame and what it knew, in a buffer that is used again: yours from the moment you take it until you
    /// dispose it. Still packed: a frame that is never shown costs no decoding.
    /// </summary>
    /// <remarks>
    /// Generation and sending are the server's monotonic clock, <see cref="ReceivedTimeUs"/> the client's,
    /// <see cref="PtsUs"/> media time.
    /// </remarks>
    public sealed class FrameSlot : IDisposable
    {
        private readonly FrameMailbox _home;

        internal FrameSlot(FrameMailbox home)
        {
            _home = home;
        }

        /// <summary>1, 2, 3, ...; a gap is a drop.</summary>
        public ulong FrameId { get; internal set; }

        public long PtsUs { get; internal set; }

        /// <summary>The newest event whose conditioning reached this frame; 0 before any.</summary>
        public ulong LastEventId { get; internal set; }

        public Encoding Encoding { get; internal set; }

        public int Width { get; internal set; }

        public int Height { get; internal set; }

        public long GenerateStartUs { get; internal set; }

        public long GenerateEndUs { get; internal set; }

        public long SendUs { get; internal set; }

        public long EncodeUs { get; internal set; }

        /// <summary>Quality rung in force, 0 is best.</summary>
        public int Rung { get; internal set; }

        public Drops DroppedBefore { get; internal set; }

        public long ReceivedTimeUs { get; internal set; }

        /// <summary>The packed picture: the first <see cref="PayloadLength"/> bytes of <see cref="PayloadBuffer"/>.</summary>
        public ReadOnlySpan<byte> Payload => new ReadOnlySpan<byte>(PayloadBuffer, 0, PayloadLength);

        /// <summary>For calls that take an array; what lies behind the payload is left from earlier frames.</summary>
        public byte[] PayloadBuffer { get; internal set; } = Array.Empty<byte>();

        public int PayloadLength { get; internal set; }

        internal bool Free { get; set; } = true;

        /// <summary>Gives the buffer back; what it held may be overwritten at once.</summary>
        public void Dispose() => _home.Return(this);
    }
}
