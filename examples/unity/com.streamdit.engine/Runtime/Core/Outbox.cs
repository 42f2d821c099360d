#nullable enable
using System;
using System.Collections.Generic;
using System.Threading.Tasks;

namespace StreamDit
{
    /// <summary>
    /// What waits to be sent, in the order of event ids; it outlives a broken connection. Thread-safe, never blocks;
    /// messages are used again.
    /// </summary>
    /// <remarks>
    /// A newer state or prompt takes the place of one that was not sent yet, so does a newer ack or heartbeat. A newer
    /// set of actions does so too, unless something was pressed in the older one that would then be lost; of those 16
    /// wait. Of commands 16 wait, of source frames 8, the oldest falls out. A release drops what waits of its kind.
    /// </remarks>
    internal sealed class Outbox
    {
        public const int MaxCommands = 16;
        public const int MaxSources = 8;
        public const int MaxActions = 16; // sets that something was pressed in and let go of again

        private readonly object _lock = new object();
        private readonly List<Outgoing> _waiting = new List<Outgoing>();
        private readonly Stack<Outgoing> _free = new Stack<Outgoing>();
        private readonly AsyncSignal _filled = new AsyncSignal();
        private readonly SessionMeter _meter;
        private float[] _sent = Array.Empty<float>(); // the set of actions that was sent last
        private bool[] _pressed = Array.Empty<bool>();
        private ulong _lastEventId;
        private bool _connected;
        private bool _finished;

        public Outbox(SessionMeter meter)
        {
            _meter = meter;
        }

        /// <summary>An empty message to be filled and added.</summary>
        public Outgoing Rent(OutgoingKind kind)
        {
            lock (_lock)
            {
                Outgoing outgoing = _free.Count > 0 ? _free.Pop() : new Outgoing();
                outgoing.Kind = kind;
                outgoing.EventId = 0;
                return outgoing;
            }
        }

        /// <summary>A message was sent, or will never be.</summary>
        public void Return(Outgoing outgoing)
        {
            lock (_lock)
            {
                _free.Push(outgoing);
            }
        }

        /// <summary>One more event. Returns its id; 0 after `Finish`, for there is nobody to send it to.</summary>
        public ulong AddEvent(Outgoing outgoing, long nowUs)
        {
            ulong eventId;
            lock (_lock)
            {
                if (_finished)
                {
                    _free.Push(outgoing);
                    return 0;
                }

                MakeRoom(outgoing);
                eventId = ++_lastEventId;
                outgoing.EventId = eventId;
                outgoing.TimeUs = nowUs;
                _meter.Sent(eventId, nowUs, PromptOf(outgoing));
                _waiting.Add(outgoing);
            }

            _filled.Set();
            return eventId;
        }

        /// <summary>
        /// An ack or a heartbeat, instead of one of its kind that still waits. To the end: in Lockstep what was said
        /// before an ack has to reach the chunk that the ack asks for.
        /// </summary>
        public void AddSignal(Outgoing outgoing, long nowUs)
        {
            lock (_lock)
            {
                outgoing.TimeUs = nowUs;
                Drop(outgoing.Kind, keep: 0);
                if (_finished || !_connected)
                {
                    _free.Push(outgoing);
                    return;
                }

                _waiting.Add(outgoing);
            }

            _filled.Set();
        }

        /// <summary>A connection is ready; `heardEventId` is the newest event its engine knows.</summary>
        public void Connect(ulong heardEventId)
        {
            lock (_lock)
            {
                _connected = true;
                _lastEventId = Math.Max(_lastEventId, heardEventId);
            }
        }

        /// <summary>Wakes the writer with null; events wait for the next connection, acks are worth nothing there.</summary>
        public void Disconnect()
        {
            lock (_lock)
            {
                _connected = false;
                Drop(OutgoingKind.Ack, keep: 0);
                Drop(OutgoingKind.Heartbeat, keep: 0);
            }

            _filled.Set();
        }

        /// <summary>What waits is still sent, then `last`, then nothing.</summary>
        public void Finish(Outgoing last, long nowUs)
        {
            lock (_lock)
            {
                if (_finished)
                {
                    _free.Push(last);
                    return;
                }

                _finished = true;
                last.TimeUs = nowUs;
                _waiting.Add(last);
            }

            _filled.Set();
        }

        /// <summary>Whether an event of this kind was not sent yet.</summary>
        public bool Holds(OutgoingKind kind)
        {
            lock (_lock)
            {
                return _waiting.Exists(waiting => waiting.Kind == kind);
            }
        }

        /// <summary>
        /// The oldest message; null if none waits. `over` then says that none will come: after the last, and when the
        /// connection is gone.
        /// </summary>
        public Outgoing? Next(out bool over)
        {
            lock (_lock)
            {
                over = !_connected || (_finished && _waiting.Count == 0);
                if (over || _waiting.Count == 0)
                {
                    return null;
                }

                Outgoing next = _waiting[0];
                _waiting.RemoveAt(0);
                if (next.Kind == OutgoingKind.Actions)
                {
                    Remember(next);
                }

                return next;
            }
        }

        /// <summary>Returns once something may have changed. For one writer.</summary>
        public ValueTask WaitAsync() => _filled.WaitAsync();

        /// <summary>The prompt that an event puts in force: "" if it takes it away, null if it leaves it alone.</summary>
        private static string? PromptOf(Outgoing outgoing)
        {
            if (outgoing.Kind == OutgoingKind.Release && Releases(outgoing, Steering.Prompt))
            {
                return "";
            }

            return outgoing.Kind == OutgoingKind.Prompt ? outgoing.Text : null;
        }

        private static bool Releases(Outgoing release, Steering steering)
        {
            for (int index = 0; index < release.Released.Count; index++)
            {
                if (release.Released[index] == steering)
                {
                    return true;
                }
            }

            return false;
        }

        private void MakeRoom(Outgoing coming)
        {
            switch (coming.Kind)
            {
                case OutgoingKind.State:
                case OutgoingKind.Prompt:
                    Drop(coming.Kind, keep: 0);
                    break;
                case OutgoingKind.Actions:
                    DropActions(coming);
                    break;
                case OutgoingKind.SourceFrame:
                    Drop(coming.Kind, keep: MaxSources - 1);
                    break;
                case OutgoingKind.Release:
                    DropReleased(coming);
                    DropOldestCommand();
                    break;
                default:
                    DropOldestCommand();
                    break;
            }
        }

        private void Drop(OutgoingKind kind, int keep)
        {
            int count = 0;
            for (int index = _waiting.Count - 1; index >= 0; index--)
            {
                if (_waiting[index].Kind == kind && ++count > keep)
                {
                    RemoveAt(index);
                }
            }
        }

        /// <summary>
        /// Sets that wait and that no press would be lost without: all that they hold is held in the set sent last or in
        /// a later one.
        /// </summary>
        private void DropActions(Outgoing newest)
        {
            if (_pressed.Length < newest.NumValues)
            {
                _pressed = new bool[newest.NumValues];
            }

            for (int action = 0; action < newest.NumValues; action++)
            {
                _pressed[action] = newest.Values[action] != 0f || (action < _sent.Length && _sent[action] != 0f);
            }

            int count = 1;
            for (int index = _waiting.Count - 1; index >= 0; index--)
            {
                Outgoing waiting = _waiting[index];
                if (waiting.Kind != OutgoingKind.Actions)
                {
                    continue;
                }

                bool presses = false;
                for (int action = 0; action < Math.Min(waiting.NumValues, newest.NumValues); action++)
                {
                    presses |= waiting.Values[action] != 0f && !_pressed[action];
                    _pressed[action] |= waiting.Values[action] != 0f;
                }

                if (!presses || ++count > MaxActions)
                {
                    RemoveAt(index);
                }
            }
        }

        private void DropReleased(Outgoing release)
        {
            if (Releases(release, Steering.Prompt))
            {
                Drop(OutgoingKind.Prompt, keep: 0);
            }

            if (Releases(release, Steering.State))
            {
                Drop(OutgoingKind.State, keep: 0);
            }

            if (Releases(release, Steering.Actions))
            {
                Drop(OutgoingKind.Actions, keep: 0);
                Array.Clear(_sent, 0, _sent.Length);
            }
        }

        private void Remember(Outgoing actions)
        {
            if (_sent.Length != actions.NumValues)
            {
                _sent = new float[actions.NumValues];
            }

            Array.Copy(actions.Values, _sent, actions.NumValues);
        }

        private void DropOldestCommand()
        {
            int count = 0;
            for (int index = _waiting.Count - 1; index >= 0; index--)
            {
                if (_waiting[index].IsCommand && ++count >= MaxCommands)
                {
                    RemoveAt(index);
                }
            }
        }

        private void RemoveAt(int index)
        {
            _meter.Forget(_waiting[index].EventId);
            _free.Push(_waiting[index]);
            _waiting.RemoveAt(index);
        }
    }
}
