#nullable enable
using System;
using System.Buffers.Binary;
using System.IO;

namespace StreamDit
{
    /// <summary>
    /// Frames as they came in an MP4 container (ISO/IEC 14496-12 and -14): Motion JPEG, or QuickTime's raw RGB24. Every
    /// frame is a key frame. What FFmpeg reads, and so the Python SDK, without an encoder here.
    /// </summary>
    /// <remarks>
    /// Every frame is a fragment of its own, with its own time, and nothing is written again later: a file that ends
    /// anywhere can be read up to there.
    /// </remarks>
    internal sealed class FrameFile : IDisposable
    {
        private const int JpegObject = 0x6c; // object type indication of ISO/IEC 10918-1 in an `esds`
        private const uint TimeScale = 48_000; // ticks a second; whole frames at all usual rates
        private const uint KeyFrame = 0x2000000; // sample flags: it depends on no other
        private const int SequenceAt = 20, TimeAt = 60, DurationAt = 88, SizeAt = 92, MediaSizeAt = 96; // in a fragment

        private readonly FileStream _file;
        private readonly WorldInfo _world;
        private readonly Encoding _encoding;
        private readonly byte[] _fragment = Fragment(); // what stands before a frame, filled anew for each
        private uint _sequence;

        public FrameFile(string path, WorldInfo world, Encoding encoding)
        {
            _world = world;
            _encoding = encoding;
            _file = new FileStream(path, FileMode.Create, FileAccess.Write);
            _file.Write(Join(Box("ftyp", Ascii("isom"), U32(0x200), Ascii("isomiso2iso5mp41qt  ")), Movie()));
            _file.Flush();
        }

        /// <summary>Appends a frame; it is the system's when this returns, and outlives this process.</summary>
        /// <param name="slot">When it is shown, in frame periods; larger than the one before.</param>
        /// <exception cref="IOException">The disk is full or gone.</exception>
        public void Add(FrameSlot frame, long slot)
        {
            if (frame.Encoding != _encoding || frame.Width != _world.Width || frame.Height != _world.Height)
            {
                throw new IOException(
                    $"it is {frame.Width}x{frame.Height} {frame.Encoding}, "
                    + $"the recording is {_world.Width}x{_world.Height} {_encoding}");
            }

            long ticks = Ticks(slot);
            Span<byte> fragment = _fragment;
            BinaryPrimitives.WriteUInt32BigEndian(fragment.Slice(SequenceAt), ++_sequence);
            BinaryPrimitives.WriteInt64BigEndian(fragment.Slice(TimeAt), ticks);
            BinaryPrimitives.WriteUInt32BigEndian(fragment.Slice(DurationAt), (uint)(Ticks(slot + 1) - ticks));
            BinaryPrimitives.WriteUInt32BigEndian(fragment.Slice(SizeAt), (uint)frame.PayloadLength);
            BinaryPrimitives.WriteUInt32BigEndian(fragment.Slice(MediaSizeAt), (uint)frame.PayloadLength + 8);
            _file.Write(_fragment, 0, _fragment.Length);
            _file.Write(frame.PayloadBuffer, 0, frame.PayloadLength);
            _file.Flush();
        }

        public void Dispose() => _file.Dispose();

        // Each from the beginning: a period that is rounded would drift.
        private long Ticks(long slot) => (long)Math.Round(slot * (TimeScale / _world.Fps));

        private byte[] Movie()
        {
            byte[] header = Full("mvhd", U32(0), U32(0), U32(TimeScale), U32(0), U32(0x10000), U16(0x100), new byte[10],
                Matrix(), new byte[24], U32(2));
            byte[] track = Full("tkhd", 3, U32(0), U32(0), U32(1), U32(0), U32(0), new byte[8], U16(0), U16(0), U16(0),
                U16(0), Matrix(), U32((uint)_world.Width << 16), U32((uint)_world.Height << 16));
            byte[] mediaHeader = Full("mdhd", U32(0), U32(0), U32(TimeScale), U32(0), U16(0x55c4), U16(0));
            byte[] handler = Full("hdlr", U32(0), Ascii("vide"), new byte[12], Ascii("frames"), new byte[1]);
            byte[] data = Box("dinf", Full("dref", U32(1), Full("url ", 1)));
            byte[] none = U32(0); // all samples are in fragments
            byte[] samples = Box(
                "stbl",
                Full("stsd", U32(1), SampleEntry()),
                Full("stts", none),
                Full("stsc", none),
                Full("stsz", U32(0), none),
                Full("stco", none));
            byte[] information = Box("minf", Full("vmhd", 1, new byte[8]), data, samples);
            byte[] fragments = Box("mvex", Full("trex", U32(1), U32(1), U32(0), U32(0), U32(KeyFrame)));
            return Box("moov", header, Box("trak", track, Box("mdia", mediaHeader, handler, information)), fragments);
        }

        private static byte[] Fragment()
        {
            const uint baseIsFragment = 0x20000, offsetDurationSize = 0x301;
            byte[] header = Full("mfhd", U32(0));
            byte[] track = Full("tfhd", baseIsFragment, U32(1));
            byte[] time = Full("tfdt", 1 << 24, U64(0)); // version 1: 64 bits
            byte[] sample = Full("trun", offsetDurationSize, U32(1), U32(MediaSizeAt + 8), U32(0), U32(0));
            return Join(Box("moof", header, Box("traf", track, time, sample)), U32(0), Ascii("mdat"));
        }

        private byte[] SampleEntry()
        {
            byte[] entry = Join(
                new byte[6], U16(1), new byte[16], U16(_world.Width), U16(_world.Height), U32(0x480000), U32(0x480000),
                U32(0), U16(1), new byte[32], U16(24), U16(0xffff));
            return _encoding == Encoding.Rgb24 ? Box("raw ", entry) : Box("mp4v", entry, Descriptor());
        }

        private static byte[] Descriptor()
        {
            // DecoderConfigDescriptor: a visual stream (4 << 2 | 1), bit rates unknown.
            byte[] decoder = Tagged(4, new byte[] { JpegObject, 0x11, 0, 0, 0 }, U32(0), U32(0));
            return Full("esds", Tagged(3, U16(1), new byte[] { 0 }, decoder, Tagged(6, new byte[] { 2 })));
        }

        private static byte[] Matrix() => Join(
            U32(0x10000), U32(0), U32(0), U32(0), U32(0x10000), U32(0), U32(0), U32(0), U32(0x40000000));

        private static byte[] Box(string type, params byte[][] parts)
        {
            byte[] content = Join(parts);
            return Join(U32((uint)content.Length + 8), Ascii(type), content);
        }

        private static byte[] Full(string type, params byte[][] parts) => Full(type, 0, parts);

        private static byte[] Full(string type, uint flags, params byte[][] parts) => Box(type, U32(flags), Join(parts));

        private static byte[] Tagged(byte tag, params byte[][] parts)
        {
            byte[] content = Join(parts);
            return Join(new[] { tag, (byte)content.Length }, content);
        }

        private static byte[] Join(params byte[][] parts)
        {
            using var joined = new MemoryStream();
            foreach (byte[] part in parts)
            {
                joined.Write(part, 0, part.Length);
            }

            return joined.ToArray();
        }

        private static byte[] Ascii(string text) => System.Text.Encoding.ASCII.GetBytes(text);

        private static byte[] U16(int value) => new[] { (byte)(value >> 8), (byte)value };

        private static byte[] U32(uint value)
        {
            var bytes = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
            return bytes;
        }

        private static byte[] U64(ulong value)
        {
            var bytes = new byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
            return bytes;
        }
    }
}
