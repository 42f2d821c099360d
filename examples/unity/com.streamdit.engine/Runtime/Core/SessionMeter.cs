#nullable enable
using System.Collections.Generic;

namespace StreamDit
{
    /// <summary>
    /// What a session measures about itself while it runs; times are arguments, nothing is sent or read. Thread-safe:
    /// a game loop asks for readings.
    /// </summary>
    internal sealed class SessionMeter
    {
        private const int FpsWindow = 33; // frames; two seconds at 16 fps
        private const int MaxPendingEvents = 256; // waiting for the frame that obeys them; the oldest falls out

        private readonly object _lock = new object();
        private readonly ArrivalJitter _jitter = new ArrivalJitter();
        private readonly RunningPercentiles _controlLatencyMs = new RunningPercentiles();
        private readonly Queue<long> _arrivalsUs = new Queue<long>(FpsWindow + 1);
        private readonly List<(ulong EventId, long SentUs)> _pending = new List<(ulong, long)>(MaxPendingEvents + 1);
        private readonly List<(ulong EventId, string Text)> _prompts = new List<(ulong, string)>(); // not yet in force
        private ClockOffset _clock = new ClockOffset();
        private ServerStats? _server;
        private string _promptInForce = "";
        private long _numFrames;
        private Drops _dropped;
        private int? _rung;
        private long _newestArrivalUs;

        /// <summary>The last prompt that was sent and not rejected, in force or on its way.</summary>
        public string NewestPrompt
        {
            get
            {
                lock (_lock)
                {
                    return _prompts.Count > 0 ? _prompts[_prompts.Count - 1].Text : _promptInForce;
                }
            }
        }

        /// <summary>Another connection was opened, with this prompt; the clock may be another engine's.</summary>
        public void Opened(string prompt, bool resumed)
        {
            lock (_lock)
            {
                _clock = new ClockOffset();
                if (!resumed)
                {
                    _promptInForce = prompt;
                }
            }
        }

        /// <summary>An event left; its id is higher than all before.</summary>
        public void Sent(ulong eventId, long nowUs, string? prompt)
        {
            lock (_lock)
            {
                _pending.Add((eventId, nowUs));
                if (_pending.Count > MaxPendingEvents)
                {
                    _pending.RemoveAt(0);
                }

                if (prompt != null)
                {
                    _prompts.Add((eventId, prompt));
                    if (_prompts.Count > MaxPendingEvents)
                    {
                        _prompts.RemoveAt(0);
                    }
                }
            }
        }

        /// <summary>An event will never reach a frame: it was rejected, or replaced before it was sent.</summary>
        public void Forget(ulong eventId)
        {
            lock (_lock)
            {
                for (int index = _pending.Count - 1; index >= 0; index--)
                {
                    if (_pending[index].EventId == eventId)
                    {
                        _pending.RemoveAt(index);
                    }
                }

                for (int index = _prompts.Count - 1; index >= 0; index--)
                {
                    if (_prompts[index].EventId == eventId)
                    {
                        _prompts.RemoveAt(index);
                    }
                }
            }
        }

        public void Heartbeat(long sentUs, long serverUs, long receivedUs)
        {
            lock (_lock)
            {
                _clock.Heartbeat(sentUs, serverUs, receivedUs);
            }
        }

        public void Told(ServerStats server)
        {
            lock (_lock)
            {
                _server = server;
            }
        }

        /// <summary>A frame came in; events it obeys for the first time are measured.</summary>
        public void Arrived(FrameSlot frame)
        {
            long nowUs = frame.ReceivedTimeUs;
            lock (_lock)
            {
                _numFrames++;
                _newestArrivalUs = nowUs;
                _arrivalsUs.Enqueue(nowUs);
                if (_arrivalsUs.Count > FpsWindow)
                {
                    _arrivalsUs.Dequeue();
                }

                _jitter.Arrived(nowUs, frame.PtsUs);
                _dropped += frame.DroppedBefore;
                _rung = frame.Rung;
                int obeyed = 0;
                while (obeyed < _pending.Count && _pending[obeyed].EventId <= frame.LastEventId)
                {
                    _controlLatencyMs.Add((nowUs - _pending[obeyed++].SentUs) / 1e3);
                }

                _pending.RemoveRange(0, obeyed);
                while (_prompts.Count > 0 && _prompts[0].EventId <= frame.LastEventId)
                {
                    _promptInForce = _prompts[0].Text;
                    _prompts.RemoveAt(0);
                }
            }
        }

        public SessionStats Reading(long numReplaced)
        {
            lock (_lock)
            {
                double? fps = null;
                if (_arrivalsUs.Count > 1 && _newestArrivalUs > _arrivalsUs.Peek())
                {
                    fps = (_arrivalsUs.Count - 1) * 1e6 / (_newestArrivalUs - _arrivalsUs.Peek());
                }

                return new SessionStats
                {
                    NumFrames = _numFrames,
                    Fps = fps,
                    IntervalMs = _jitter.IntervalMs,
                    JitterMs = _jitter.JitterMs,
                    ControlLatencyMs = _controlLatencyMs.Summary(),
                    RoundTripMs = _clock.RoundTripMs,
                    ClockOffsetUs = _clock.OffsetUs,
                    Rung = _rung,
                    Dropped = _dropped,
                    NumReplaced = numReplaced,
                    PromptInForce = _promptInForce,
                    Server = _server,
                };
            }
        }
    }
}
