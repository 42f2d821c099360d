#nullable enable
using System;
using System.Linq;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Grpc.Core;
using Wire = Streamdit.V1;

namespace StreamDit
{
    /// <summary>
    /// Wire to types and back: with its other half the only one here that sees protobuf's classes. For one stream, whose messages it makes
    /// one after the other in the same objects.
    /// </summary>
    /// <remarks>
    /// What a newer engine sends and this SDK does not know is passed over: an unknown body becomes Unknown, an unknown
    /// enum number a word that says so.
    /// </remarks>
    internal sealed partial class Convert
    {
        private const string Service = "streamdit.v1.EngineService";

        private readonly FrameMailbox _frames;
        private readonly Incoming _incoming = new Incoming();
        private readonly Wire.ClientMessage _message = new Wire.ClientMessage();
        private readonly Wire.State _state = new Wire.State();
        private readonly ActionsMessage _actions = new ActionsMessage();
        private readonly Wire.Ack _ack = new Wire.Ack();
        private readonly Wire.Heartbeat _heartbeat = new Wire.Heartbeat();
        private bool _opened; // the first message was read: it may hold more than those after it

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
                ReadServerInfo));

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
                case OutgoingKind.Actions:
                    _actions.Fill(outgoing);
                    _message.Actions = _actions.Message;
                    break;
                case OutgoingKind.Release:
                    _message.Control = new Wire.Control { Release = ToRelease(outgoing) };
                    break;
                case OutgoingKind.Pause:
                    _message.Control = new Wire.Control { Pause = new Wire.Pause() };
                    break;
                case OutgoingKind.Resume:
                    _message.Control = new Wire.Control { Resume = new Wire.Resume() };
                    break;
                case OutgoingKind.Reset:
                    _message.Control = new Wire.Control { Reset = ToReset(outgoing) };
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

            if (wish.ReceivedFrameId is ulong received)
            {
                open.ReceivedFrameId = received;
            }

            if (wish.Prompt != null)
            {
                open.Prompt = new Wire.Prompt { Text = wish.Prompt };
            }

            if (wish.State != null)
            {
                open.State = new Wire.State();
                open.State.Values.AddRange(wish.State);
                open.State.Fields.AddRange(wish.StateFields ?? Array.Empty<string>());
            }

            if (wish.Actions != null)
            {
                open.Actions = new Wire.Actions();
                open.Actions.Values.AddRange(ConvertStart.ToValues(wish.Actions));
            }

            if (wish.Start != null)
            {
                open.Start = ConvertStart.ToStart(wish.Start);
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
            _state.Fields.Clear();
            for (int field = 0; field < (outgoing.Fields?.Count ?? 0); field++)
            {
                _state.Fields.Add(outgoing.Fields![field]);
            }

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

        private static Wire.Release ToRelease(Outgoing outgoing)
        {
            var release = new Wire.Release();
            release.Steering.AddRange(outgoing.Released.Select(steering => (Wire.Steering)steering));
            return release;
        }

        private static Wire.Reset ToReset(Outgoing outgoing)
        {
            var reset = new Wire.Reset();
            if (outgoing.Start != null)
            {
                reset.Start = ConvertStart.ToStart(outgoing.Start);
            }

            if (outgoing.Seed is ulong given)
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
    }
}
