#nullable enable
using System;
using System.Buffers;
using System.IO;
using System.Linq;
using Google.Protobuf;
using Grpc.Core;
using Wire = Streamdit.V1;

namespace StreamDit
{
    // Wire to client.
    internal sealed partial class Convert
    {
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
            int maxFields = _opened ? MessageLimits.MaxFields : MessageLimits.MaxOpeningFields;
            _opened = true;
            MessageLimits.Check(serverMessage, MessageLimits.ServerMessage, maxFields);
            if (FrameParser.TryFind(serverMessage, out ReadOnlySpan<byte> frame))
            {
                _incoming.Kind = IncomingKind.Frame;
                _incoming.Frame = ToFrame(frame);
                return _incoming;
            }

            Wire.ServerMessage message = Parse(Wire.ServerMessage.Parser, serverMessage);
            switch (message.BodyCase)
            {
                case Wire.ServerMessage.BodyOneofCase.Opened:
                    _incoming.Kind = IncomingKind.Opened;
                    _incoming.Opened = ToOpened(message.Opened);
                    break;
                case Wire.ServerMessage.BodyOneofCase.EventApplied:
                    Wire.EventApplied applied = message.EventApplied;
                    _incoming.Kind = IncomingKind.EventApplied;
                    _incoming.Applied = new EventApplied(
                        applied.EventId, applied.FrameId, applied.PtsUs, applied.ReplacedBy);
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

        private static T Parse<T>(MessageParser<T> parser, ReadOnlySpan<byte> message)
            where T : IMessage<T>
        {
            try
            {
                return parser.ParseFrom(message);
            }
            catch (InvalidProtocolBufferException error)
            {
                throw new InvalidDataException($"it is unreadable: {error.Message}", error);
            }
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

        private static ServerInfo ReadServerInfo(DeserializationContext context)
        {
            byte[] message = context.PayloadAsNewBuffer();
            MessageLimits.Check(message, MessageLimits.ServerInfo, MessageLimits.MaxOpeningFields);
            return ToServerInfo(Parse<Wire.GetServerInfoResponse>(Wire.GetServerInfoResponse.Parser, message));
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
            Actions = wire.Actions.Select(ToAction).ToArray(),
            // An engine of 0.1 says nothing about it.
            SteeredBy = wire.SteeredBy.Count == 0
                ? new[] { Steering.Prompt, Steering.State }
                : wire.SteeredBy.Select(steering => (Steering)steering).ToArray(),
            MayBeOpen = wire.MayBeOpen.Select(steering => (Steering)steering).ToArray(),
            StartClips = wire.StartClips.ToArray(),
            FramesPerLatent = (int)wire.FramesPerLatent,
            TakesSourceFrames = wire.TakesSourceFrames,
        };

        private static ActionInfo ToAction(Wire.ActionInfo wire)
        {
            bool button = wire.Kind == Wire.ActionKind.Button;
            return new ActionInfo(
                wire.Name,
                (ActionKind)wire.Kind,
                button ? 0f : wire.Min,
                button ? 1f : wire.Max,
                wire.Group,
                wire.DefaultKey,
                wire.Description);
        }

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
                SteeredBy = wire.SteeredBy.Select(steering => (Steering)steering).ToArray(),
                ActionsTimeoutS = wire.ActionsTimeoutS,
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
