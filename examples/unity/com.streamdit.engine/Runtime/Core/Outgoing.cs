#nullable enable
using System;
using System.Collections.Generic;

namespace StreamDit
{
    internal enum OutgoingKind
    {
        Open,
        Prompt,
        State,
        Actions,
        Release,
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
        public string Text = ""; // prompt, profile, detail
        public PromptTransition Transition;
        public int SmoothFrames;
        public float? RenoiseTo;
        public ulong? Seed;
        public float Value; // strength
        public ulong FrameId; // ack
        public long ReceivedTimeUs; // ack

        public Start? Start; // reset
        public IReadOnlyList<Steering> Released = Array.Empty<Steering>();
        public IReadOnlyList<ActionInfo> Actions = Array.Empty<ActionInfo>(); // what values and horizon are of
        public IReadOnlyList<string>? Fields; // what values and horizon carry; null: all

        public float[] Values = Array.Empty<float>();
        public int NumValues;
        public float[] Horizon = Array.Empty<float>(); // one full state or set after the other
        public int NumHorizon; // floats

        public byte[] Payload = Array.Empty<byte>();
        public Encoding Encoding;
        public int Width;
        public int Height;

        /// <summary>What is done in order and does not grow old: none of prompt, state, actions, picture.</summary>
        public bool IsCommand => Kind >= OutgoingKind.Release && Kind <= OutgoingKind.SwitchProfile;

        public void SetState(ReadOnlySpan<float> values, ReadOnlySpan<float> horizon, IReadOnlyList<string>? fields = null)
        {
            Fields = fields;
            Copy(values, ref Values, out NumValues);
            Copy(horizon, ref Horizon, out NumHorizon);
        }

        /// <param name="horizon">One full set after the other.</param>
        public void SetActions(
            IReadOnlyList<ActionInfo> actions, ReadOnlySpan<float> values, ReadOnlySpan<float> horizon)
        {
            Actions = actions;
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
