#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace StreamDit
{
    /// <summary>Connections one after another until one ends for good; what a session knows and says lives here.</summary>
    internal sealed partial class SessionLife : IConnectionListener
    {
        private const int MaxWaitingFrames = 256; // of a consumer that must see all of them; more are not acknowledged
        private const int MaxUnaskedFrames = 1024; // an engine that sends on without credit is cut off
        private const string ActionsReleased = "ACTIONS_RELEASED"; // the notice's code

        private readonly object _lock = new object();
        private readonly StreamDitClient _client;
        private readonly Opening _opening;
        private readonly CancellationTokenSource _stop = new CancellationTokenSource();
        private readonly TaskCompletionSource<Opened> _firstOpened =
            new TaskCompletionSource<Opened>(TaskCreationOptions.RunContinuationsAsynchronously);

        private readonly TaskCompletionSource<Closed> _ended =
            new TaskCompletionSource<Closed>(TaskCreationOptions.RunContinuationsAsynchronously);

        private volatile Connection? _connection;
        private volatile Closed? _closeAsked; // what it ends with if the engine says nothing better
        private volatile Recorder? _recorder;
        private volatile int _status = (int)SessionStatus.Connecting;
        private volatile Opened? _opened;
        private volatile Closed? _closed;
        private volatile Exception? _error;
        private HeldState? _held;
        private float[]? _actions; // the set in force as far as this side has said it; null: none was said
        private IReadOnlyList<Steering> _steering = Array.Empty<Steering>(); // replaced, never changed: any thread may read it
        private ulong _newestFrameId; // All: received and perhaps not acknowledged
        private long _newestReceivedUs;

        public SessionLife(StreamDitClient client, Opening opening)
        {
            _client = client;
            _opening = opening;
            ProfileWish = opening.Profile;
            bool latest = opening.Delivery == Delivery.Latest;
            Frames = new FrameMailbox(latest ? 1 : MaxWaitingFrames, dropOldest: latest);
            Outbox = new Outbox(Meter);
            _ = Task.Run(LiveAsync);
        }

        public FrameMailbox Frames { get; }

        public Outbox Outbox { get; }

        public SessionMeter Meter { get; } = new SessionMeter();

        public BoundedQueue<News?> News { get; } = new BoundedQueue<News?>(64);

        public BoundedQueue<EventApplied> EventsApplied { get; } = new BoundedQueue<EventApplied>(256);

        // Written by the session's thread and read by the game's.
        public SessionStatus Status
        {
            get => (SessionStatus)_status;
            private set => _status = (int)value;
        }

        public Opened? Opened
        {
            get => _opened;
            private set => _opened = value;
        }

        /// <summary>How often a new world had to begin, because the engine had not kept the one before.</summary>
        public int WorldsLost { get; private set; }

        public Closed? Closed
        {
            get => _closed;
            private set => _closed = value;
        }

        public Exception? Error
        {
            get => _error;
            private set => _error = value;
        }

        public string ProfileWish { get; set; }

        public Delivery Delivery => _opening.Delivery;

        /// <summary>What this side has said and not un-said, and what the engine opened with.</summary>
        public IReadOnlyList<Steering> SteeredBy => Volatile.Read(ref _steering);

        // ---------------------------------------------------------------------------------------------------- saying

        public ulong Send(Outgoing outgoing)
        {
            string text = outgoing.Text;
            OutgoingKind kind = outgoing.Kind;
            PromptTransition transition = outgoing.Transition;
            ulong eventId = Outbox.AddEvent(outgoing, MonotonicClock.NowUs());
            if (kind == OutgoingKind.Prompt)
            {
                Steers(Steering.Prompt);
                _recorder?.Prompt(eventId, text, transition);
            }

            return eventId;
        }

        public ulong SendState(ReadOnlySpan<float> values, ReadOnlySpan<float> horizon)
        {
            lock (_lock)
            {
                _held?.Set(values, horizon); // before it is open the engine checks it
                return SendState(values, horizon, _held);
            }
        }

        public ulong SendState(IReadOnlyList<string> fields, ReadOnlySpan<float> values)
        {
            lock (_lock)
            {
                HeldState held = _held ?? throw NotOpen();
                held.Set(fields, values);
                return SendState(held.Values, default, held);
            }
        }

        public ulong SendState(Action<HeldState> change)
        {
            lock (_lock)
            {
                HeldState held = _held ?? throw NotOpen();
                change(held);
                return SendState(held.Values, default, held);
            }
        }

        private ulong SendState(ReadOnlySpan<float> values, ReadOnlySpan<float> horizon, HeldState? held)
        {
            Steers(Steering.State);
            Outgoing state = Outbox.Rent(OutgoingKind.State);
            IReadOnlyList<string>? fields = held?.Fields;
            state.SetState(values, horizon, fields);
            ulong eventId = Outbox.AddEvent(state, MonotonicClock.NowUs());
            _recorder?.State(eventId, values, fields);
            return eventId;
        }

        public ulong SendActions(Func<WorldInfo, float[]> set)
        {
            WorldInfo world = RequireOpened().World;
            return SendActions(set(world), default);
        }

        public ulong SendActions(ReadOnlySpan<float> values, ReadOnlySpan<float> horizon)
        {
            lock (_lock)
            {
                Opened opened = RequireOpened();
                ActionSet.Check(opened.World, values, horizon);
                if (horizon.Length > opened.MaxHorizonFrames * values.Length)
                {
                    throw new ArgumentException(
                        $"horizon has {horizon.Length / values.Length} sets, the engine takes {opened.MaxHorizonFrames}");
                }

                if (_actions?.Length != values.Length)
                {
                    _actions = new float[values.Length];
                }

                values.CopyTo(_actions);
                Steers(Steering.Actions);
                Outgoing actions = Outbox.Rent(OutgoingKind.Actions);
                actions.SetActions(opened.World.Actions, values, horizon);
                ulong eventId = Outbox.AddEvent(actions, MonotonicClock.NowUs());
                _recorder?.Actions(eventId, values);
                return eventId;
            }
        }

        public ulong Release(IReadOnlyList<Steering> steering)
        {
            lock (_lock)
            {
                WorldInfo world = RequireOpened().World;
                string may = string.Join(", ", world.MayBeOpen).ToLowerInvariant();
                may = may.Length > 0 ? may : "nothing";
                if (steering.Count == 0)
                {
                    throw new ArgumentException($"release what? world '{world.Name}' can leave open: {may}");
                }

                foreach (Steering one in steering)
                {
                    if (!world.CanBeOpen(one))
                    {
                        throw new ArgumentException(
                            $"world '{world.Name}' cannot leave its {one.ToString().ToLowerInvariant()} open, it can: {may}");
                    }
                }

                foreach (Steering one in steering)
                {
                    if (one == Steering.State)
                    {
                        _held?.Unsay();
                    }
                    else if (one == Steering.Actions)
                    {
                        _actions = null;
                    }
                }

                Volatile.Write(ref _steering, _steering.Except(steering).ToArray());
                Outgoing release = Outbox.Rent(OutgoingKind.Release);
                release.Released = steering.ToArray(); // it waits: a caller may change its own
                ulong eventId = Outbox.AddEvent(release, MonotonicClock.NowUs());
                _recorder?.Release(eventId, steering);
                return eventId;
            }
        }

        private void Steers(Steering steering)
        {
            lock (_lock)
            {
                // One after another in the enum's order; allocates only when it is new.
                if (!Contains(_steering, steering))
                {
                    Volatile.Write(ref _steering, _steering.Append(steering).OrderBy(one => one).ToArray());
                }
            }
        }

        private static bool Contains(IReadOnlyList<Steering> all, Steering one)
        {
            for (int index = 0; index < all.Count; index++)
            {
                if (all[index] == one)
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>A start for this session's world and profile.</summary>
        public Start Fitting(Start start)
        {
            Opened opened = RequireOpened();
            bool known = opened.World.Profiles.Any(profile => profile.Name == ProfileWish);
            return start.For(opened.World, known ? ProfileWish : opened.Profile);
        }

        public Opened RequireOpened() => Opened ?? throw NotOpen();

        private static StreamDitException NotOpen() =>
            new StreamDitException("the session is not open yet: await WaitForOpenedAsync, or look at Opened");

        // ------------------------------------------------------------------------------- called by the reader's thread

        void IConnectionListener.FrameArrived(FrameSlot frame)
        {
            Meter.Arrived(frame);
            _recorder?.Frame(frame);
            (_newestFrameId, _newestReceivedUs) = (frame.FrameId, frame.ReceivedTimeUs);
            (ulong frameId, long receivedUs) = (frame.FrameId, frame.ReceivedTimeUs);
            Frames.Put(frame); // from here on it is the game's
            if (Delivery != Delivery.Lockstep && !Frames.Crowded)
            {
                Acknowledge(frameId, receivedUs);
            }

            int waiting = Frames.Count;
            if (waiting > MaxUnaskedFrames)
            {
                _connection?.Cut(new Closed(ClosedReason.TooSlow, $"{waiting} frames wait here and the engine sends on"));
            }
        }

        void IConnectionListener.Applied(EventApplied applied) => EventsApplied.Add(applied);

        void IConnectionListener.NewsArrived(News news)
        {
            if (news is EventRejected rejected)
            {
                Meter.Forget(rejected.EventId);
                _recorder?.Forget(rejected.EventId);
            }

            News.Add(news);
            if (news is Notice notice && notice.Code == ActionsReleased)
            {
                HoldAgain();
            }
        }

        public void Acknowledge(ulong frameId, long receivedUs) => _connection?.Acknowledge(frameId, receivedUs);

        /// <summary>All: a crowd that went gives back the credit that was withheld.</summary>
        public void FrameTaken()
        {
            if (Delivery == Delivery.All && !Frames.Crowded)
            {
                Acknowledge(_newestFrameId, _newestReceivedUs);
            }
        }

        public Recorder StartRecording(string folder)
        {
            lock (_lock)
            {
                HeldState held = _held ?? throw NotOpen();
                var recorder = new Recorder(folder, RequireOpened(), () => _recorder = null);
                recorder.Begin(Meter.NewestPrompt, held, _actions);
                _recorder = recorder;
                return recorder;
            }
        }
    }
}
