#nullable enable
using System;
using System.Diagnostics;

namespace StreamDit
{
    /// <summary>This client's monotonic clock as it travels on the wire.</summary>
    internal static class MonotonicClock
    {
        public static long NowUs() => (long)(Stopwatch.GetTimestamp() * (1e6 / Stopwatch.Frequency));
    }

    // Below, times are arguments. Media time (pts), the client's clock and the server's clock are never added to each
    // other; only differences of one clock are.

    /// <summary>Percentiles of the last values; older ones fall out.</summary>
    internal sealed class RunningPercentiles
    {
        private readonly double[] _values;
        private long _numValues;

        public RunningPercentiles(int window = 256)
        {
            _values = new double[window];
        }

        public void Add(double value) => _values[_numValues++ % _values.Length] = value;

        /// <summary>null before the first.</summary>
        public Percentiles? Summary()
        {
            int count = (int)Math.Min(_numValues, _values.Length);
            if (count == 0)
            {
                return null;
            }

            var ordered = new double[count];
            Array.Copy(_values, ordered, count);
            Array.Sort(ordered);
            return new Percentiles(Share(ordered, 0.50), Share(ordered, 0.95), Share(ordered, 0.99), ordered[count - 1]);
        }

        /// <summary>Linear interpolation between the closest ranks; `ordered` rises and is not empty.</summary>
        private static double Share(double[] ordered, double share)
        {
            double place = share * (ordered.Length - 1);
            int below = (int)place;
            int above = Math.Min(below + 1, ordered.Length - 1);
            return ordered[below] + ((ordered[above] - ordered[below]) * (place - below));
        }
    }

    /// <summary>
    /// Server clock minus client clock, as NTP does it: the sample with the shortest round trip is the best, and half
    /// of that round trip bounds the error. Samples older than the last eight heartbeats fall out.
    /// </summary>
    internal sealed class ClockOffset
    {
        private const int Window = 8;
        private readonly (long RoundTripUs, double OffsetUs)[] _samples = new (long, double)[Window];
        private int _numSamples;

        /// <summary>Add it to a client time to get the server's; null before the first heartbeat.</summary>
        public double? OffsetUs => _numSamples == 0 ? (double?)null : Best().OffsetUs;

        /// <summary>The shortest of the window; null before the first heartbeat.</summary>
        public double? RoundTripMs => _numSamples == 0 ? (double?)null : Best().RoundTripUs / 1000.0;

        /// <summary>One echo: client time when sent, server time when answered, client time when received.</summary>
        public void Heartbeat(long sentUs, long serverUs, long receivedUs) =>
            _samples[_numSamples++ % Window] = (receivedUs - sentUs, serverUs - ((sentUs + receivedUs) / 2.0));

        private (long RoundTripUs, double OffsetUs) Best()
        {
            var best = _samples[0];
            for (int index = 1; index < Math.Min(_numSamples, Window); index++)
            {
                best = _samples[index].RoundTripUs < best.RoundTripUs ? _samples[index] : best;
            }

            return best;
        }
    }

    /// <summary>
    /// How far arrivals stray from media time: |arrival gap - pts gap| of neighbours, as in RFC 3550 6.4.1. A dropped
    /// frame widens both gaps and is no jitter; intervals are plain arrival gaps, where it does show.
    /// </summary>
    internal sealed class ArrivalJitter
    {
        private readonly RunningPercentiles _deviationsMs = new RunningPercentiles();
        private readonly RunningPercentiles _intervalsMs = new RunningPercentiles();
        private (long ArrivalUs, long PtsUs)? _last;

        public Percentiles? JitterMs => _deviationsMs.Summary();

        public Percentiles? IntervalMs => _intervalsMs.Summary();

        public void Arrived(long arrivalUs, long ptsUs)
        {
            if (_last is (long lastArrivalUs, long lastPtsUs))
            {
                double intervalMs = (arrivalUs - lastArrivalUs) / 1e3;
                _intervalsMs.Add(intervalMs);
                _deviationsMs.Add(Math.Abs(intervalMs - ((ptsUs - lastPtsUs) / 1e3)));
            }

            _last = (arrivalUs, ptsUs);
        }
    }
}
