#nullable enable

namespace StreamDit
{
    /// <summary>The middle and the tail of a series, in the series' unit.</summary>
    public readonly struct Percentiles
    {
        public Percentiles(double p50, double p95, double p99, double max)
        {
            P50 = p50;
            P95 = p95;
            P99 = p99;
            Max = max;
        }

        public double P50 { get; }

        public double P95 { get; }

        public double P99 { get; }

        public double Max { get; }
    }

    /// <summary>A moment's reading. null where nothing was measured, never 0.</summary>
    public sealed class SessionStats
    {
        public long NumFrames { get; internal set; }

        /// <summary>Of the last two seconds of arrivals.</summary>
        public double? Fps { get; internal set; }

        public Percentiles? IntervalMs { get; internal set; }

        public Percentiles? JitterMs { get; internal set; }

        /// <summary>Event sent -> first frame that carries its id.</summary>
        public Percentiles? ControlLatencyMs { get; internal set; }

        public double? RoundTripMs { get; internal set; }

        /// <summary>Server clock minus client clock.</summary>
        public double? ClockOffsetUs { get; internal set; }

        public int? Rung { get; internal set; }

        /// <summary>By the engine, as the frames told.</summary>
        public Drops Dropped { get; internal set; }

        /// <summary>By this client: a newer frame came before anyone took it.</summary>
        public long NumReplaced { get; internal set; }

        /// <summary>Of the newest frame.</summary>
        public string PromptInForce { get; internal set; } = "";

        public ServerStats? Server { get; internal set; }
    }
}
