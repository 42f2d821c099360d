#nullable enable
using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;

namespace StreamDit
{
    /// <summary>What a connection tells its session; called on the reader's thread.</summary>
    internal interface IConnectionListener
    {
        void FrameArrived(FrameSlot frame);

        void Applied(EventApplied applied);

        void NewsArrived(News news);
    }

    /// <summary>
    /// The life of one opened call: a reader, a writer, a heartbeat, and an end that always has a reason.
    /// </summary>
    internal sealed class Connection
    {
        private const int BeatsWhileHeld = 4; // within ActionsTimeoutS
        private const int SilentHeartbeats = 5; // nothing heard for so many: the connection is lost

        private readonly AsyncDuplexStreamingCall<Outgoing, Incoming> _call;
        private readonly Outbox _outbox;
        private readonly SessionMeter _meter;
        private readonly IConnectionListener _listener;
        private readonly double _heartbeatEveryS;
        private readonly CancellationTokenSource _over = new CancellationTokenSource();
        private Closed? _cut; // set when this side cuts the call
        private volatile Exception? _writeError;
        private long _heardUs;
        private long _beatUs; // when a heartbeat was sent last
        private long _beatWallTicks; // the same by the wall's clock, which goes on while a machine sleeps
        private long _wokeUs; // when this process ran again after it stood still; 0: it always ran

        private Connection(
            AsyncDuplexStreamingCall<Outgoing, Incoming> call,
            Opened opened,
            Outbox outbox,
            SessionMeter meter,
            IConnectionListener listener,
            double heartbeatEveryS)
        {
            _call = call;
            Opened = opened;
            _outbox = outbox;
            _meter = meter;
            _listener = listener;
            _heartbeatEveryS = heartbeatEveryS;
        }

        public Opened Opened { get; }

        /// <summary>
        /// Whether this process did not run for more than two heartbeats, until lately: a phone in a pocket, a laptop asleep, a
        /// debugger. What the engine did meanwhile may have to be read first, so it counts for five heartbeats.
        /// </summary>
        public bool StoodStill
        {
            get
            {
                long wokeUs = Volatile.Read(ref _wokeUs);
                return wokeUs != 0 && (MonotonicClock.NowUs() - wokeUs) / 1e6 <= SilentHeartbeats * BeatEveryS(Opened, _heartbeatEveryS);
            }
        }

        /// <summary>Says `open` and waits for `opened`.</summary>
        /// <exception cref="RpcException">The engine refused, or none answered.</exception>
        /// <exception cref="StreamDitException">It answered something else.</exception>
        public static async Task<Connection> OpenAsync(
            CallInvoker invoker,
            CallOptions callOptions,
            StreamDitOptions options,
            Opening opening,
            FrameMailbox frames,
            Outbox outbox,
            SessionMeter meter,
            IConnectionListener listener)
        {
            var call = invoker.AsyncDuplexStreamingCall(new Convert(frames).Play(), null, callOptions);
            try
            {
                var open = new Outgoing { Kind = OutgoingKind.Open, TimeUs = MonotonicClock.NowUs(), Opening = opening };
                try
                {
                    await call.RequestStream.WriteAsync(open).ConfigureAwait(false);
                }
                catch (Exception error) when (error is InvalidOperationException || error is IOException)
                {
                    // The call is over already, or the connection broke under the write; reading says why.
                }

                if (!await call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false))
                {
                    throw new ConnectionFailedException(options.Address, "it ended the stream before `opened`");
                }

                Incoming first = call.ResponseStream.Current;
                if (first.Kind != IncomingKind.Opened || first.Opened == null)
                {
                    throw new ConnectionFailedException(
                        options.Address, $"its first message was {first.Kind}, expected `opened`");
                }

                if (first.Opened.ApiVersion > Version.Api)
                {
                    throw new RejectedException(
                        "API_VERSION_UNSUPPORTED",
                        "api_version",
                        $"{first.Opened.ApiVersion}",
                        $"the engine chose API version {first.Opened.ApiVersion}, this SDK speaks {Version.Api}");
                }

                WorldInfo world = first.Opened.World;
                if ((long)world.Width * world.Height > FrameParser.MaxPixels)
                {
                    throw new ConnectionFailedException(
                        options.Address,
                        $"world {world.Name} is {world.Width}x{world.Height} pixels, at most {FrameParser.MaxPixels} are taken");
                }

                return new Connection(call, first.Opened, outbox, meter, listener, options.HeartbeatEveryS);
            }
            catch (InvalidDataException error)
            {
                call.Dispose();
                throw Refusal.BrokenContract(options, error);
            }
            catch
            {
                call.Dispose();
                throw;
            }
        }

        /// <summary>Returns why it ended, when nothing of it runs any more.</summary>
        public async Task<Closed> RunAsync()
        {
            _heardUs = MonotonicClock.NowUs();
            Beat(_heardUs);
            _outbox.Connect(Opened.LastEventId);
            Task writer = WriteAsync();
            Task beat = BeatAsync();
            Closed closed;
            try
            {
                closed = await ReadAsync().ConfigureAwait(false);
            }
            finally
            {
                _over.Cancel();
                _call.Dispose(); // cancels it, unless it is over already
                _outbox.Disconnect();
                await Task.WhenAll(writer, beat).ConfigureAwait(false);
                _over.Dispose();
            }

            return closed;
        }

        /// <summary>Often enough to hold actions while nothing else is to be said, e.g. in a pause. Pure.</summary>
        public static double BeatEveryS(Opened opened, double heartbeatEveryS)
        {
            double heldS = opened.World.Actions.Count > 0 ? opened.ActionsTimeoutS : 0;
            return heldS > 0 ? Math.Min(heartbeatEveryS, heldS / BeatsWhileHeld) : heartbeatEveryS;
        }

        /// <summary>Ends the call from this side.</summary>
        public void Cut(Closed closed)
        {
            Interlocked.CompareExchange(ref _cut, closed, null);
            _call.Dispose();
        }

        /// <summary>Gives credit back for every frame up to this one.</summary>
        public void Acknowledge(ulong frameId, long receivedUs)
        {
            Outgoing ack = _outbox.Rent(OutgoingKind.Ack);
            ack.FrameId = frameId;
            ack.ReceivedTimeUs = receivedUs;
            _outbox.AddSignal(ack, MonotonicClock.NowUs());
        }

        private async Task<Closed> ReadAsync()
        {
            Closed? closed = null;
            try
            {
                IAsyncStreamReader<Incoming> stream = _call.ResponseStream;
                while (await stream.MoveNext(CancellationToken.None).ConfigureAwait(false))
                {
                    long nowUs = MonotonicClock.NowUs();
                    Volatile.Write(ref _heardUs, nowUs);
                    closed = Take(stream.Current, nowUs) ?? closed;
                }
            }
            catch (RpcException error)
            {
                return closed ?? _cut ?? Broken(error) ?? Refusal.Ending(error);
            }
            catch (InvalidDataException error)
            {
                return BrokenContract(error);
            }
            catch (Exception error) when (
                error is InvalidOperationException || error is OperationCanceledException || error is IOException)
            {
                // A call that was disposed under its reader.
                return closed ?? _cut ?? new Closed(ClosedReason.ConnectionLost, error.Message);
            }

            return closed ?? _cut ?? new Closed(ClosedReason.ConnectionLost, "the stream ended without a reason");
        }

        private static Closed? Broken(RpcException error) =>
            Refusal.Broken(error) is InvalidDataException cause ? BrokenContract(cause) : null;

        private static Closed BrokenContract(InvalidDataException error) =>
            new Closed(ClosedReason.EngineFailed, $"the engine broke the contract: {error.Message}");

        private Closed? Take(Incoming incoming, long nowUs)
        {
            switch (incoming.Kind)
            {
                case IncomingKind.Frame:
                    _listener.FrameArrived(incoming.Frame!);
                    break;
                case IncomingKind.EventApplied:
                    _listener.Applied(incoming.Applied);
                    break;
                case IncomingKind.News:
                    _listener.NewsArrived(incoming.News!);
                    break;
                case IncomingKind.ServerStats:
                    _meter.Told(incoming.Stats!);
                    break;
                case IncomingKind.Heartbeat:
                    _meter.Heartbeat(incoming.SentUs, incoming.ServerUs, nowUs);
                    break;
                case IncomingKind.Closed:
                    LookAtClocks(nowUs); // it may be read before the next heartbeat is due
                    return incoming.Closed;
                default:
                    break;
            }

            return null;
        }

        private async Task WriteAsync()
        {
            try
            {
                bool over = false;
                while (!over)
                {
                    if (_outbox.Next(out over) is Outgoing outgoing)
                    {
                        await _call.RequestStream.WriteAsync(outgoing).ConfigureAwait(false);
                        _outbox.Return(outgoing);
                    }
                    else if (!over)
                    {
                        await _outbox.WaitAsync().ConfigureAwait(false);
                    }
                }

                await _call.RequestStream.CompleteAsync().ConfigureAwait(false);
            }
            catch (Exception error)
            {
                // The call is over, in whatever words its handler has for that, and the reader learns why. If it does
                // not within a heartbeat, only sending failed.
                _writeError = error;
            }
        }

        private void Beat(long nowUs)
        {
            Volatile.Write(ref _beatUs, nowUs);
            Volatile.Write(ref _beatWallTicks, DateTime.UtcNow.Ticks);
        }

        private void LookAtClocks(long nowUs)
        {
            double beatS = BeatEveryS(Opened, _heartbeatEveryS);
            double sinceS = Math.Max(
                (nowUs - Volatile.Read(ref _beatUs)) / 1e6,
                TimeSpan.FromTicks(DateTime.UtcNow.Ticks - Volatile.Read(ref _beatWallTicks)).TotalSeconds);
            if (sinceS > 2 * beatS)
            {
                Volatile.Write(ref _wokeUs, nowUs);
            }
        }

        private async Task BeatAsync()
        {
            long silenceUs = (long)(SilentHeartbeats * _heartbeatEveryS * 1e6);
            TimeSpan beat = TimeSpan.FromSeconds(BeatEveryS(Opened, _heartbeatEveryS));
            try
            {
                while (true)
                {
                    long beganUs = MonotonicClock.NowUs();
                    Beat(beganUs);
                    _outbox.AddSignal(_outbox.Rent(OutgoingKind.Heartbeat), beganUs);
                    await Task.Delay(beat, _over.Token).ConfigureAwait(false);
                    if (_writeError is Exception error)
                    {
                        Cut(new Closed(ClosedReason.ConnectionLost, $"sending failed: {error.Message}"));
                    }

                    long nowUs = MonotonicClock.NowUs();
                    LookAtClocks(nowUs);
                    // A process that stood still (a debugger, a laptop asleep) has not listened either.
                    bool stoodStill = nowUs - beganUs > silenceUs / 2;
                    if (!stoodStill && nowUs - Volatile.Read(ref _heardUs) > silenceUs)
                    {
                        Cut(new Closed(ClosedReason.ConnectionLost, $"nothing heard for {silenceUs / 1e6} s"));
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // The connection is over.
            }
        }
    }
}
