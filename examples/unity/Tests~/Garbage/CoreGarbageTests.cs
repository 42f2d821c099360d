#nullable enable
using System;
using System.Buffers;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using NUnit.Framework;
using Wire = Streamdit.V1;

namespace StreamDit.Tests
{
    /// <summary>
    /// What the core itself allocates while it plays: a whole connection over a call that hands messages to and from
    /// the marshallers and has no network behind it. What gRPC and HTTP/2 add depends on the platform's.
    /// </summary>
    public sealed class CoreGarbageTests
    {
        private const int WarmUp = 400;
        private const int NumFrames = 2000;

        [Test]
        public async Task A_frame_an_ack_a_state_and_a_set_of_actions_cost_less_than_a_kilobyte()
        {
            var meter = new SessionMeter();
            var outbox = new Outbox(meter);
            var frames = new FrameMailbox(1, dropOldest: true);
            var invoker = new EngineInMemory(outbox);
            var listener = new Game(outbox, meter, frames);
            var options = new StreamDitOptions { HandlerFactory = () => throw new NotSupportedException() };
            Connection connection = await Connection.OpenAsync(
                invoker, default, options, new Opening(), frames, outbox, meter, listener);
            listener.Connection = connection;
            Closed closed = await connection.RunAsync();
            Assert.That(closed.Reason, Is.EqualTo(ClosedReason.ServerDraining), closed.ToString());
            Assert.That(listener.NumFrames, Is.EqualTo(WarmUp + NumFrames));
            Assert.That(invoker.NumAcks, Is.GreaterThan(0));
            double perFrame = (double)(invoker.EndBytes - invoker.BeginBytes) / NumFrames;
            TestContext.WriteLine($"{perFrame:F1} bytes allocated per frame in the core, {frames.NumSlots} slots");
            Assert.That(perFrame, Is.LessThan(1024));
        }

        /// <summary>Takes every frame and says a state and what is held, as a game loop does.</summary>
        private sealed class Game : IConnectionListener
        {
            private readonly Outbox _outbox;
            private readonly SessionMeter _meter;
            private readonly FrameMailbox _frames;
            private readonly float[] _state = new float[6];
            private readonly float[] _horizon = new float[6 * 8];
            private readonly float[] _held = new float[2];
            private readonly float[] _next = new float[2 * 4];
            private readonly ActionInfo[] _actions =
            {
                new ActionInfo("left", ActionKind.Button, 0f, 1f, "walk", "left", ""),
                new ActionInfo("throttle", ActionKind.Axis, -1f, 1f, "", "", ""),
            };


            public Game(Outbox outbox, SessionMeter meter, FrameMailbox frames)
            {
                (_outbox, _meter, _frames) = (outbox, meter, frames);
            }

            public Connection? Connection { get; set; }

            public int NumFrames { get; private set; }

            public void FrameArrived(FrameSlot frame)
            {
                NumFrames++;
                _meter.Arrived(frame);
                (ulong frameId, long receivedUs) = (frame.FrameId, frame.ReceivedTimeUs);
                _frames.Put(frame);
                Connection!.Acknowledge(frameId, receivedUs);
                _frames.TryTake(out FrameSlot? taken);
                taken!.Dispose();
                Outgoing state = _outbox.Rent(OutgoingKind.State);
                state.SetState(_state, _horizon);
                _outbox.AddEvent(state, receivedUs);
                _held[0] = NumFrames / 8 % 2;
                (_held[1], _next[1]) = (0.5f, 0.5f);
                Outgoing actions = _outbox.Rent(OutgoingKind.Actions);
                actions.SetActions(_actions, _held, _next);
                _outbox.AddEvent(actions, receivedUs);
            }

            public void Applied(EventApplied applied)
            {
            }

            public void NewsArrived(News news)
            {
            }
        }

        /// <summary>Answers with frames as fast as they are read, then ends; counts what was allocated meanwhile.</summary>
        private sealed class EngineInMemory : CallInvoker
        {
            private readonly Outbox _outbox;

            public EngineInMemory(Outbox outbox)
            {
                _outbox = outbox;
            }

            public long BeginBytes { get; set; }

            public long EndBytes { get; set; }

            public int NumAcks { get; set; }

            public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
                Method<TRequest, TResponse> method, string? host, CallOptions options) =>
                new AsyncDuplexStreamingCall<TRequest, TResponse>(
                    new Requests<TRequest>(this, method.RequestMarshaller),
                    new Answers<TResponse>(this, method.ResponseMarshaller),
                    Task.FromResult(new Metadata()),
                    () => Status.DefaultSuccess,
                    () => new Metadata(),
                    () => { });

            public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
                Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

            public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
                Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
                throw new NotSupportedException();

            public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
                Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
                throw new NotSupportedException();

            public override TResponse BlockingUnaryCall<TRequest, TResponse>(
                Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
                throw new NotSupportedException();

            private sealed class Requests<T> : SerializationContext, IClientStreamWriter<T>, IBufferWriter<byte>
            {
                private readonly EngineInMemory _engine;
                private readonly Marshaller<T> _marshaller;
                private readonly byte[] _buffer = new byte[4096];
                private int _length;

                public Requests(EngineInMemory engine, Marshaller<T> marshaller)
                {
                    (_engine, _marshaller) = (engine, marshaller);
                }

                public WriteOptions? WriteOptions { get; set; }

                public Task WriteAsync(T message)
                {
                    _length = 0;
                    _marshaller.ContextualSerializer(message, this);
                    _engine.NumAcks += message is Outgoing { Kind: OutgoingKind.Ack } ? 1 : 0;
                    return Task.CompletedTask;
                }

                public Task CompleteAsync() => Task.CompletedTask;

                public override IBufferWriter<byte> GetBufferWriter() => this;

                public override void SetPayloadLength(int payloadLength)
                {
                }

                public override void Complete()
                {
                }

                public override void Complete(byte[] payload)
                {
                }

                public void Advance(int count) => _length += count;

                public Memory<byte> GetMemory(int sizeHint = 0) => _buffer.AsMemory(_length);

                public Span<byte> GetSpan(int sizeHint = 0) => _buffer.AsSpan(_length);
            }

            private sealed class Answers<T> : DeserializationContext, IAsyncStreamReader<T>
            {
                private readonly EngineInMemory _engine;
                private readonly Marshaller<T> _marshaller;
                private readonly List<byte[]> _frames = new List<byte[]>();
                private byte[] _next = Array.Empty<byte>();
                private int _count;

                public Answers(EngineInMemory engine, Marshaller<T> marshaller)
                {
                    (_engine, _marshaller) = (engine, marshaller);
                    _next = new Wire.ServerMessage
                    {
                        Opened = new Wire.Opened
                        {
                            Encoding = Wire.Encoding.Rgb24, Delivery = Wire.Delivery.Latest, ApiVersion = 1,
                        },
                    }.ToByteArray();
                    for (int index = 1; index <= WarmUp + NumFrames; index++)
                    {
                        _frames.Add(new Wire.ServerMessage { Frame = MakeFrame(index) }.ToByteArray());
                    }
                }

                public T Current { get; private set; } = default!;

                public override int PayloadLength => _next.Length;

                public async Task<bool> MoveNext(CancellationToken cancel)
                {
                    if (_count == WarmUp + 1)
                    {
                        _engine.BeginBytes = GC.GetTotalAllocatedBytes(precise: true);
                    }

                    if (_count == WarmUp + NumFrames + 1)
                    {
                        _engine.EndBytes = GC.GetTotalAllocatedBytes(precise: true);
                        _next = new Wire.ServerMessage
                        {
                            Closed = new Wire.Closed { Reason = Wire.ClosedReason.ServerDraining },
                        }.ToByteArray();
                    }
                    else if (_count > WarmUp + NumFrames + 1)
                    {
                        return false;
                    }
                    else if (_count > 0)
                    {
                        _next = _frames[_count - 1];
                    }

                    if (_count % 20 == 19)
                    {
                        await Task.Delay(1, CancellationToken.None); // the writer's turn
                    }

                    _count++;
                    Current = _marshaller.ContextualDeserializer(this);
                    return true;
                }

                public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => new ReadOnlySequence<byte>(_next);

                public override byte[] PayloadAsNewBuffer() => throw new NotSupportedException("that would be garbage");

                private static Wire.Frame MakeFrame(int id) => new Wire.Frame
                {
                    FrameId = (ulong)id,
                    PtsUs = id * 62_500L,
                    LastEventId = (ulong)Math.Max(0, id - 4),
                    Encoding = Wire.Encoding.Rgb24,
                    Width = 16,
                    Height = 16,
                    Payload = ByteString.CopyFrom(new byte[768]),
                };
            }
        }
    }
}
