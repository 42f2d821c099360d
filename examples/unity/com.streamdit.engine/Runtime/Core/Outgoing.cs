#nullable enable
using System;

namespace StreamDit
{
    internal enum OutgoingKind
    {
        Open,
        Prompt,
        State,
        Action,
        Pause,
        Resume,
        Reset,
        SwitchProfile,
        SourceFrame,
        Ack,
        Heartbeat,
        Close,
    }

    /// <summary>A message on its way to the engine, without protobuf; used again once it was sent.</summary>
    internal sealed class Outgoing
    {
        public OutgoingKind Kind;
        public ulong EventId;
        public long TimeUs; // client_time_us

        public Opening? Opening;
        public string Text = ""; // prompt, action, profile, detail
        public PromptTransition Transition;
        public int SmoothFrames;
        public float? RenoiseTo;
        public ulong? Seed;
        public float Value; // action, strength
        public ulong FrameId; // ack
        public long ReceivedTimeUs; // ack

        public float[] Values = Array.Empty<float>();
        public int NumValues;
        public float[] Horizon = Array.Empty<float>(); // one full state after the other
        public int NumHorizon; // floats

        public byte[] Payload = Array.Empty<byte>();
        public Encoding Encoding;
        public int Width;
        public int Height;

        /// <summary>What is done in order and does not grow old: neither a prompt nor a state nor a picture.</summary>
        public bool IsCommand => Kind >= OutgoingKind.Action && Kind <= OutgoingKind.SwitchProfile;

        public void SetState(ReadOnlySpan<float> values, ReadOnlySpan<float> horizon)
        {
            Copy(values, ref Values, out NumValues);
            Copy(horizon, ref Horizon, out NumHorizon);
        }

        private static void Copy(ReadOnlySpan<float> from, ref float[] to, out int count)
        {
            if (to.Length < from.Length)
            {
                to = new float[from.Length];
            }

            from.CopyTo(to);
            count = from.Length;
        }
    }
}
