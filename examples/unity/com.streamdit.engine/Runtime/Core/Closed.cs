#nullable enable

namespace StreamDit
{
    /// <summary>Why a session ended; the same words on the wire, in Python and in C#.</summary>
    public enum ClosedReason
    {
        ClientClosed = 1,
        ClientGone = 2,
        Idle = 3,
        TooSlow = 4,
        ServerDraining = 5,
        EngineFailed = 6,

        /// <summary>The connection broke before the engine said why.</summary>
        ConnectionLost = 7,

        /// <summary>The engine refused; the detail names field and value.</summary>
        Rejected = 8,
    }

    /// <summary>The engine's count over a whole session.</summary>
    public sealed class Totals
    {
        internal Totals(ulong framesGenerated, ulong framesSent, Drops dropped, double durationS)
        {
            FramesGenerated = framesGenerated;
            FramesSent = framesSent;
            Dropped = dropped;
            DurationS = durationS;
        }

        public ulong FramesGenerated { get; }

        public ulong FramesSent { get; }

        public Drops Dropped { get; }

        public double DurationS { get; }
    }

    /// <summary>The end of a session, as a value.</summary>
    public sealed class Closed
    {
        public Closed(ClosedReason reason, string detail = "", Totals? totals = null)
        {
            Reason = reason;
            Detail = detail;
            Totals = totals;
        }

        public ClosedReason Reason { get; }

        public string Detail { get; }

        /// <summary>null when the engine could not say.</summary>
        public Totals? Totals { get; }

        /// <summary>The reason as the wire spells it, e.g. "CONNECTION_LOST".</summary>
        public string Word => WireWord.Of(Reason);

        public override string ToString() => Detail.Length > 0 ? $"{Word}: {Detail}" : Word;
    }
}
