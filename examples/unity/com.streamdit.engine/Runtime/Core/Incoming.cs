#nullable enable

namespace StreamDit
{
    internal enum IncomingKind
    {
        Opened,
        Frame,
        EventApplied,
        News,
        ServerStats,
        Heartbeat,
        Closed,

        /// <summary>From a newer engine: passed over.</summary>
        Unknown,
    }

    /// <summary>What the engine said; the same object for every message of a stream.</summary>
    internal sealed class Incoming
    {
        public IncomingKind Kind;
        public Opened? Opened;
        public FrameSlot? Frame;
        public EventApplied Applied;
        public News? News;
        public ServerStats? Stats;
        public long SentUs; // heartbeat
        public long ServerUs; // heartbeat
        public Closed? Closed;
    }
}
