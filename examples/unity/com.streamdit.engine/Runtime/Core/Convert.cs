#nullable enable
using System;
using System.Buffers;
using System.IO;
using System.Linq;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Grpc.Core;
using Wire = Streamdit.V1;

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

    /// <summary>
    /// Wire to types and back: the only file here that sees protobuf's classes. For one stream, whose messages it makes
    /// one after the other in the same objects.
    /// </summary>
    /// <remarks>
    /// What a newer engine sends and this SDK does not know is passed over: an unknown body becomes Unknown, an unknown
    /// enum number a word that says so.
    /// </remarks>
    internal sealed class Convert
    {
        private const string Service = "streamdit.v1.EngineService";

        private readonly FrameMailbox _frames;
        private readonly Incoming _incoming = new Incoming();
        private readonly Wire.ClientMessage _message = new Wire.ClientMessage();
        private readonly Wire.State _state = new Wire.State();
        private readonly Wire.Ack _ack = new Wire.Ack();
        private readonly Wire.Heartbeat _heartbeat = new Wire.Heartbeat();

        public Convert(FrameMailbox frames)
        {
            _frames = frames;
        }

        /// <summary>The Play call of this stream.</summary>
        public Method<Outgoing, Incoming> Play() => new Method<Outgoing, Incoming>(
            MethodType.DuplexStreaming,
            Service,
            "Play",
            new Marshaller<Outgoing>(Write, _ => throw new NotSupportedException("a client reads no requests")),
            new Marshaller<Incoming>((_, __) => throw new NotSupportedException("a client writes no answers"), Read));

        /// <summary>The question what an engine serves; its argument means nothing.</summary>
        public static Method<object, ServerInfo> GetServerInfo { get; } = new Method<object, ServerInfo>(
            MethodType.Unary,
            Service,
            "GetServerInfo",
            new Marshaller<object>(
                (_, context) => context.Complete(new Wire.GetServerInfoRequest().ToByteArray()),
                _ => throw new NotSupportedException("a client reads no requests")),
            new Marshaller<ServerInfo>(
                (_, __) => throw new NotSupportedException("a client writes no answers"),
                context => ToServerInfo(
                    Wire.GetServerInfoResponse.Parser.ParseFrom(context.PayloadAsReadOnlySequence()))));

        // ------------------------------------------------------------------------------------------ client to wire

        private void Write(Outgoing outgoing, SerializationContext context)
        {
            Fill(outgoing);
            context.SetPayloadLength(_message.CalculateSize());
            _message.WriteTo(context.GetBufferWriter());
            context.Complete();
        }

        private void Fill(Outgoing outgoing)
        {
            _message.EventId = outgoing.EventId;
            _message.ClientTimeUs = outgoing.TimeUs;
            switch (outgoing.Kind)
            {
                case OutgoingKind.Open:
                    _message.Open = ToOpen(outgoing.Opening!);
                    break;
                case OutgoingKind.Prompt:
                    _message.Prompt = ToPrompt(outgoing);
                    break;
                case OutgoingKind.State:
                    FillState(outgoing);
                    _message.State = _state;
                    break;
                case OutgoingKind.Action:
                    _message.Action = new Wire.Action { Name = outgoing.Text, Value = outgoing.Value };
                    break;
                case OutgoingKind.Pause:
                    _message.Control = new Wire.Control { Pause = new Wire.Pause() };
                    break;
                case OutgoingKind.Resume:
                    _message.Control = new Wire.Control { Resume = new Wire.Resume() };
                    break;
                case OutgoingKind.Reset:
                    _message.Control = new Wire.Control { Reset = ToReset(outgoing.Seed) };
                    break;
                case OutgoingKind.SwitchProfile:
                    _message.Control = new Wire.Control { SwitchProfile = new Wire.SwitchProfile { Name = outgoing.Text } };
                    break;
                case OutgoingKind.SourceFrame:
                    _message.SourceFrame = ToSourceFrame(outgoing);
                    break;
                case OutgoingKind.Ack:
                    _ack.FrameId = outgoing.FrameId;
                    _ack.ReceivedTimeUs = outgoing.ReceivedTimeUs;
                    _message.Ack = _ack;
                    break;
                case OutgoingKind.Heartbeat:
                    _heartbeat.ClientTimeUs = outgoing.TimeUs;
                    _message.Heartbeat = _heartbeat;
                    break;
                case OutgoingKind.Close:
                    _message.Close = new Wire.Close { Detail = outgoing.Text };
                    break;
                default:
                    _message.ClearBody();
                    break;
            }
        }

        private static Wire.Open ToOpen(Opening wish)
        {
            var open = new Wire.Open
            {
                ApiVersion = wish.ApiVersion,
                SdkName = Version.SdkName,
                SdkVersion = Version.Sdk,
                World = wish.World,
                Profile = wish.Profile,
                Delivery = (Wire.Delivery)wish.Delivery,
                Window = (uint)wish.Window,
                JpegQuality = (uint)wish.JpegQuality,
                ResumeToken = wish.ResumeToken,
            };
            open.Encodings.AddRange(wish.Encodings.Select(encoding => (Wire.Encoding)encoding));
            if (wish.Seed is ulong seed)
            {
                open.Seed = seed;
            }

            if (wish.Prompt != null)
            {
                open.Prompt = new Wire.Prompt { Text = wish.Prompt };
            }

            if (wish.State != null)
            {
                open.State = new Wire.State();
                open.State.Values.AddRange(wish.State);
            }

            return open;
        }

        private static Wire.Prompt ToPrompt(Outgoing outgoing)
        {
            var prompt = new Wire.Prompt
            {
                Text = outgoing.Text,
                Transition = (Wire.PromptTransition)outgoing.Transition,
                SmoothFrames = (uint)outgoing.SmoothFrames,
            };
            if (outgoing.RenoiseTo is float level)
            {
                prompt.RenoiseTo = level;
            }

            return prompt;
        }

        private void FillState(Outgoing outgoing)
        {
            Fill(_state.Values, outgoing.Values.AsSpan(0, outgoing.NumValues));
            RepeatedField<Wire.StateStep> steps = _state.Horizon;
            int numSteps = outgoing.NumHorizon == 0 ? 0 : outgoing.NumHorizon / outgoing.NumValues;
            while (steps.Count > numSteps)
            {
                steps.RemoveAt(steps.Count - 1);
            }

            while (steps.Count < numSteps)
            {
                steps.Add(new Wire.StateStep());
            }

            for (int step = 0; step < numSteps; step++)
            {
                Fill(steps[step].Values, outgoing.Horizon.AsSpan(step * outgoing.NumValues, outgoing.NumValues));
            }
        }

        private static void Fill(RepeatedField<float> field, ReadOnlySpan<float> values)
        {
            field.Clear();
            foreach (float value in values)
            {
                field.Add(value);
            }
        }

        private static Wire.Reset ToReset(ulong? seed)
        {
            var reset = new Wire.Reset();
            if (seed is ulong given)
            {
                reset.Seed = given;
            }

            return reset;
        }

        private static Wire.SourceFrame ToSourceFrame(Outgoing outgoing) => new Wire.SourceFrame
        {
            Encoding = (Wire.Encoding)outgoing.Encoding,
            Width = (uint)outgoing.Width,
            Height = (uint)outgoing.Height,
            Payload = UnsafeByteOperations.UnsafeWrap(outgoing.Payload),
            Strength = outgoing.Value,
        };

        // ------------------------------------------------------------------------------------------ wire to client

        private Incoming Read(DeserializationContext context)
        {
            ReadOnlySequence<byte> payload = context.PayloadAsReadOnlySequence();
            if (payload.IsSingleSegment)
            {
                return Read(payload.First.Span);
            }

            byte[] whole = ArrayPool<byte>.Shared.Rent((int)payload.Length);
            try
            {
                payload.CopyTo(whole);
                return Read(whole.AsSpan(0, (int)payload.Length));
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(whole);
            }
        }

        /// <exception cref="InvalidDataException">The engine broke the contract.</exception>
        internal Incoming Read(ReadOnlySpan<byte> serverMessage)
        {
            if (FrameParser.TryFind(serverMessage, out ReadOnlySpan<byte> frame))
            {
                _incoming.Kind = IncomingKind.Frame;
                _incoming.Frame = ToFrame(frame);
                return _incoming;
            }

            Wire.ServerMessage message = Wire.ServerMessage.Parser.ParseFrom(serverMessage);
            switch (message.BodyCase)
            {
                case Wire.ServerMessage.BodyOneofCase.Opened:
                    _incoming.Kind = IncomingKind.Opened;
                    _incoming.Opened = ToOpened(message.Opened);
                    break;
                case Wire.ServerMessage.BodyOneofCase.EventApplied:
                    Wire.EventApplied applied = message.EventApplied;
                    _incoming.Kind = IncomingKind.EventApplied;
                    _incoming.Applied = new EventApplied(applied.EventId, applied.FrameId, applied.PtsUs);
                    break;
                case Wire.ServerMessage.BodyOneofCase.EventRejected:
                    _incoming.Kind = IncomingKind.News;
                    _incoming.News = ToEventRejected(message.EventRejected);
                    break;
                case Wire.ServerMessage.BodyOneofCase.Notice:
                    Wire.Notice notice = message.Notice;
                    _incoming.Kind = IncomingKind.News;
                    _incoming.News = new Notice(
                        WireWord.Of(notice.Code), notice.Detail, notice.EventId, notice.Words.ToArray());
                    break;
                case Wire.ServerMessage.BodyOneofCase.Stats:
                    _incoming.Kind = IncomingKind.ServerStats;
                    _incoming.Stats = ToServerStats(message.Stats);
                    break;
                case Wire.ServerMessage.BodyOneofCase.Heartbeat:
                    _incoming.Kind = IncomingKind.Heartbeat;
                    _incoming.SentUs = message.Heartbeat.ClientTimeUs;
                    _incoming.ServerUs = message.Heartbeat.ServerTimeUs;
                    break;
                case Wire.ServerMessage.BodyOneofCase.Draining:
                    _incoming.Kind = IncomingKind.News;
                    _incoming.News = new Draining(message.Draining.DeadlineS, message.Draining.Detail);
                    break;
                case Wire.ServerMessage.BodyOneofCase.Closed:
                    _incoming.Kind = IncomingKind.Closed;
                    _incoming.Closed = ToClosed(message.Closed);
                    break;
                default:
                    _incoming.Kind = IncomingKind.Unknown;
                    break;
            }

            return _incoming;
        }

        private FrameSlot ToFrame(ReadOnlySpan<byte> frame)
        {
            long nowUs = MonotonicClock.NowUs();
            FrameSlot slot = _frames.Rent();
            try
            {
                FrameParser.Parse(frame, slot);
            }
            catch (InvalidDataException)
            {
                slot.Dispose();
                throw;
            }

            slot.ReceivedTimeUs = nowUs;
            return slot;
        }

        private static ServerInfo ToServerInfo(Wire.GetServerInfoResponse wire) => new ServerInfo
        {
            ServerVersion = wire.ServerVersion,
            ApiVersion = (int)wire.ApiVersion,
            Worlds = wire.Worlds.Select(ToWorld).ToArray(),
            Backend = wire.Backend,
            Device = wire.Device,
            MaxSessions = (int)wire.MaxSessions,
            ActiveSessions = (int)wire.ActiveSessions,
        };

        private static WorldInfo ToWorld(Wire.WorldInfo wire) => new WorldInfo
        {
            Name = wire.Name,
            Description = wire.Description,
            Fps = wire.Fps,
            Width = (int)wire.Width,
            Height = (int)wire.Height,
            StateFields = wire.StateFields
                .Select(field => new StateField(field.Name, field.Min, field.Max, field.Periodic, field.Initial))
                .ToArray(),
            Profiles = wire.Profiles.Select(ToProfile).ToArray(),
            DefaultProfile = wire.DefaultProfile,
            ExamplePrompts = wire.ExamplePrompts.ToArray(),
            Vocabulary = wire.Vocabulary.ToArray(),
            Actions = wire.Actions.ToArray(),
            TakesSourceFrames = wire.TakesSourceFrames,
        };

        private static ProfileInfo ToProfile(Wire.ProfileInfo wire) => new ProfileInfo(
            wire.Name,
            (int)wire.References,
            (int)wire.Chunks,
            (int)wire.ChunkSize,
            (int)wire.StepsPerShift,
            (int)wire.FramesPerShift);

        private static Opened ToOpened(Wire.Opened wire)
        {
            if (!Enum.IsDefined(typeof(Encoding), (int)wire.Encoding)
                || !Enum.IsDefined(typeof(Delivery), (int)wire.Delivery))
            {
                throw new InvalidDataException(
                    $"`opened` has encoding {(int)wire.Encoding} and delivery {(int)wire.Delivery}, never asked for");
            }

            return new Opened
            {
                SessionId = wire.SessionId,
                World = ToWorld(wire.World ?? new Wire.WorldInfo()),
                Encoding = (Encoding)wire.Encoding,
                Profile = wire.Profile,
                Seed = wire.Seed,
                Delivery = (Delivery)wire.Delivery,
                Window = (int)wire.Window,
                ApiVersion = (int)wire.ApiVersion,
                IdleTimeoutS = wire.IdleTimeoutS,
                MaxPromptChars = (int)wire.MaxPromptChars,
                MaxHorizonFrames = (int)wire.MaxHorizonFrames,
                ServerTimeUs = wire.ServerTimeUs,
                ResumeToken = wire.ResumeToken,
                ResumeS = wire.ResumeS,
                Resumed = wire.Resumed,
                LastEventId = wire.LastEventId,
            };
        }

        private static EventRejected ToEventRejected(Wire.EventRejected wire) =>
            new EventRejected(wire.EventId, WireWord.Of(wire.Reason), wire.Field, wire.Value, wire.Detail);

        private static ServerStats ToServerStats(Wire.Stats wire) => new ServerStats
        {
            FramesSent = wire.FramesSent,
            Dropped = ToDrops(wire.Dropped),
            StepMs = wire.HasStepMs ? wire.StepMs : (double?)null,
            DecodeMs = wire.HasDecodeMs ? wire.DecodeMs : (double?)null,
            EncodeMs = wire.HasEncodeMs ? wire.EncodeMs : (double?)null,
            DriftMs = wire.HasDriftMs ? wire.DriftMs : (double?)null,
            Rung = (int)wire.Rung,
            ActiveSessions = (int)wire.ActiveSessions,
        };

        private static Closed ToClosed(Wire.Closed wire)
        {
            var totals = new Totals(wire.FramesGenerated, wire.FramesSent, ToDrops(wire.Dropped), wire.DurationS);
            return Enum.IsDefined(typeof(ClosedReason), (int)wire.Reason)
                ? new Closed((ClosedReason)wire.Reason, wire.Detail, totals)
                : new Closed(
                    ClosedReason.EngineFailed,
                    $"reason {(int)wire.Reason}, unknown to SDK {Version.Sdk}: {wire.Detail}",
                    totals);
        }

        private static Drops ToDrops(Wire.Drops? wire) =>
            wire == null ? default : new Drops(wire.Generate, wire.Encode, wire.Network);
    }
}
