#nullable enable
using System;
using System.Threading;
using System.Threading.Tasks;

namespace StreamDit
{
    /// <summary>Connections one after another until one ends for good; what a session knows and says lives here.</summary>
    internal sealed partial class SessionLife : IConnectionListener
    {
        private const int MaxWaitingFrames = 256; // of a consumer that must see all of them; more are not acknowledged
        private const int MaxUnaskedFrames = 1024; // an engine that sends on without credit is cut off

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
        private HeldState? _held;
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

        public SessionStatus Status { get; private set; } = SessionStatus.Connecting;

        public Opened? Opened { get; private set; }

        public Closed? Closed { get; private set; }

        public Exception? Error { get; private set; }

        public string ProfileWish { get; set; }

        public Delivery Delivery => _opening.Delivery;

        // ---------------------------------------------------------------------------------------------------- saying

        public ulong Send(Outgoing outgoing)
        {
            string text = outgoing.Text;
            OutgoingKind kind = outgoing.Kind;
            PromptTransition transition = outgoing.Transition;
            ulong eventId = Outbox.AddEvent(outgoing, MonotonicClock.NowUs());
            if (kind == OutgoingKind.Prompt)
            {
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
            Outgoing state = Outbox.Rent(OutgoingKind.State);
            state.SetState(values, horizon);
            ulong eventId = Outbox.AddEvent(state, MonotonicClock.NowUs());
            _recorder?.State(eventId, values);
            return eventId;
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
                var recorder = new Recorder(
                    folder, RequireOpened(), Meter.NewestPrompt, held.Values, () => _recorder = null);
                _recorder = recorder;
                return recorder;
            }
        }
    }
}
