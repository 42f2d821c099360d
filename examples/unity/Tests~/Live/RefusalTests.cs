#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Grpc.Net.Client;
using NUnit.Framework;

namespace StreamDit.Tests
{
    /// <summary>Bad input costs a clear error with the same words as in Python, and nothing else.</summary>
    public sealed class RefusalTests
    {
        private StreamDitClient _client = null!;

        [OneTimeSetUp]
        public void Dial() => _client = Engines.Shared.Client();

        [OneTimeTearDown]
        public void HangUp() => _client?.Dispose();

        [Test]
        public void Every_reason_is_spelled_as_in_Python()
        {
            string[] python = Python.Run("words.py").Split('\n', StringSplitOptions.RemoveEmptyEntries);
            IEnumerable<string> here = Words<Streamdit.V1.RejectReason>()
                .Concat(Words<Streamdit.V1.NoticeCode>())
                .Concat(Words<ClosedReason>());
            Assert.That(here, Is.EqualTo(python));
        }

        private static IEnumerable<string> Words<T>()
            where T : struct, Enum => Enum.GetValues<T>()
            .Where(value => System.Convert.ToInt32(value) != 0)
            .Select(value => WireWord.Of(value));

        private static IEnumerable<TestCaseData> BadOpenings()
        {
            yield return Case("API_VERSION_UNSUPPORTED", "open.api_version", "2", new Opening { ApiVersion = 2 });
            yield return Case("UNKNOWN_WORLD", "open.world", "'atlantis'", new Opening { World = "atlantis" });
            yield return Case("UNKNOWN_PROFILE", "open.profile", "'hasty'", new Opening { Profile = "hasty" });
            yield return Case(
                "NO_COMMON_ENCODING", "open.encodings", "[99]", new Opening { Encodings = new[] { (Encoding)99 } });
            yield return Case("OUT_OF_RANGE", "open.window", "65", new Opening { Window = 65 });
            yield return Case("OUT_OF_RANGE", "open.delivery", "9", new Opening { Delivery = (Delivery)9 });
            yield return Case("PROMPT_EMPTY", "open.prompt.text", "'  '", new Opening { Prompt = "  " });
            yield return Case(
                "PROMPT_TOO_LONG", "open.prompt.text", "501 characters long", new Opening { Prompt = new string('x', 501) });
            yield return Case(
                "STATE_LENGTH", "open.state.values", "2 values long", new Opening { State = new[] { 0f, 0f } });
            yield return Case(
                "STATE_OUT_OF_RANGE",
                "open.state.values[0] (x)",
                "999",
                new Opening { State = new[] { 999f, 0f, 1f, 0f, 0f, 0f } });
        }

        private static TestCaseData Case(string reason, string field, string value, Opening opening) =>
            new TestCaseData(reason, field, value, opening).SetArgDisplayNames(field, reason);

        [TestCaseSource(nameof(BadOpenings))]
        public async Task A_bad_open_is_refused_by_name_and_value(string reason, string field, string value, Opening opening)
        {
            using StreamDitSession session = _client.Play(opening);
            var error = Assert.ThrowsAsync<RejectedException>(() => session.WaitForOpenedAsync());
            Assert.That((error!.Reason, error.Field, error.Value), Is.EqualTo((reason, field, value)));
            Assert.That(error.Message, Does.Contain(field).And.Contain(value));
            Closed closed = await session.WaitForClosedAsync();
            Assert.That((closed.Reason, closed.Detail), Is.EqualTo((ClosedReason.Rejected, error.Message)));
        }

        private static IEnumerable<TestCaseData> BadEvents()
        {
            yield return Event("STATE_LENGTH", "state.values", o => o.SetState(new[] { 1f, 2f }, default), OutgoingKind.State);
            yield return Event("STATE_NOT_FINITE", "state.values[0] (x)", o => o.SetState(State(float.NaN), default), OutgoingKind.State);
            yield return Event("STATE_OUT_OF_RANGE", "state.values[0] (x)", o => o.SetState(State(500f), default), OutgoingKind.State);
            yield return Event("HORIZON_TOO_LONG", "state.horizon", o => o.SetState(State(1f), new float[6 * 100]), OutgoingKind.State);
            yield return Event("PROMPT_EMPTY", "prompt.text", o => o.Text = "", OutgoingKind.Prompt);
            yield return Event("PROMPT_TOO_LONG", "prompt.text", o => o.Text = new string('x', 501), OutgoingKind.Prompt);
            yield return Event(
                "UNKNOWN_TRANSITION",
                "prompt.transition",
                o => (o.Text, o.Transition) = ("a fox", (PromptTransition)9),
                OutgoingKind.Prompt);
            yield return Event(
                "OUT_OF_RANGE", "prompt.smooth_frames", o => (o.Text, o.SmoothFrames) = ("a fox", 321), OutgoingKind.Prompt);
            yield return Event(
                "ACTIONS_NOT_TAKEN", "actions", o => o.SetActions(Array.Empty<ActionInfo>(), default, default), OutgoingKind.Actions);
            yield return Event(
                "CANNOT_BE_OPEN", "control.release.steering[0]", o => o.Released = new[] { Steering.State }, OutgoingKind.Release);
            yield return Event(
                "UNKNOWN_PROFILE", "control.switch_profile.name", o => o.Text = "hasty", OutgoingKind.SwitchProfile);
            yield return Event("EMPTY_MESSAGE", "body", _ => { }, (OutgoingKind)99);
            yield return Event("SOURCE_SIZE", "source_frame.width", o => (o.Width, o.Height) = (31, 128), OutgoingKind.SourceFrame);
            yield return Event(
                "SOURCE_UNREADABLE",
                "source_frame.payload",
                o => (o.Width, o.Height, o.Encoding, o.Payload) = (128, 128, Encoding.Rgb24, new byte[3]),
                OutgoingKind.SourceFrame);
        }

        private static float[] State(float x) => new[] { x, 0f, 1f, 0f, 0f, 0f };

        private static TestCaseData Event(string reason, string field, Action<Outgoing> fill, object kind) =>
            new TestCaseData(reason, field, fill, kind).SetArgDisplayNames(field, reason);

        [TestCaseSource(nameof(BadEvents))]
        public async Task A_bad_event_is_ignored_and_named(string reason, string field, object fill, object kind)
        {
            using StreamDitSession session = await _client.PlayAsync(new Opening { Delivery = Delivery.Lockstep });
            using (FrameSlot first = await Until.Frame(session))
            {
                Outgoing bad = session.Life.Outbox.Rent((OutgoingKind)kind);
                ((Action<Outgoing>)fill)(bad);
                ulong eventId = session.Life.Send(bad);
                EventRejected rejected = await Until.News<EventRejected>(session);
                Assert.That((rejected.EventId, rejected.Reason, rejected.Field), Is.EqualTo((eventId, reason, field)));
                Assert.That(rejected.Detail, Does.Contain(field));
            }

            using FrameSlot next = await Until.Frame(session); // the session goes on
            Assert.That(next.FrameId, Is.EqualTo(2));
            await session.CloseAsync();
        }

        [Test]
        public async Task An_ack_of_a_frame_never_sent_is_refused()
        {
            using StreamDitSession session = await _client.PlayAsync(new Opening());
            session.Life.Acknowledge(77_777, 0);
            EventRejected rejected = await Until.News<EventRejected>(session);
            Assert.That((rejected.Reason, rejected.Field), Is.EqualTo(("ACK_UNKNOWN_FRAME", "ack.frame_id")));
            await session.CloseAsync();
        }

        [Test]
        public async Task A_second_open_ends_the_session_as_rejected()
        {
            using StreamDitSession session = await _client.PlayAsync(new Opening());
            Outgoing open = session.Life.Outbox.Rent(OutgoingKind.Open);
            open.Opening = new Opening();
            session.Life.Send(open);
            Closed closed = await session.WaitForClosedAsync();
            Assert.That(closed.Reason, Is.EqualTo(ClosedReason.Rejected));
            Assert.That(closed.Detail, Does.StartWith("OPEN_REPEATED"));
        }

        [Test]
        public async Task The_first_message_must_be_open()
        {
            using GrpcChannel channel = GrpcChannel.ForAddress(
                $"http://{Engines.Shared.Address}", new GrpcChannelOptions { HttpHandler = new Http2Handler() });
            var convert = new Convert(new FrameMailbox(1, dropOldest: true));
            using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(convert.Play(), null, new CallOptions());
            await call.RequestStream.WriteAsync(new Outgoing { Kind = OutgoingKind.Prompt, Text = "a fox", EventId = 1 });
            var error = Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None));
            Assert.That(Refusal.Rejection(error!)!.Reason, Is.EqualTo("OPEN_EXPECTED"));
        }

        [Test]
        public async Task A_full_engine_says_so_and_a_session_that_waits_gets_the_next_place()
        {
            StreamDitOptions options = Engines.Strict.Options();
            options.Token = Engines.Token;
            using var client = new StreamDitClient(options);
            using StreamDitSession guest = await client.PlayAsync(new Opening());
            StreamDitOptions once = Engines.Strict.Options();
            (once.Token, once.Reconnect) = (Engines.Token, false);
            using var impatient = new StreamDitClient(once);
            var error = Assert.ThrowsAsync<RejectedException>(() => impatient.PlayAsync(new Opening()));
            Assert.That(error!.Reason, Is.EqualTo("SERVER_FULL"));
            using StreamDitSession waiting = client.Play(new Opening());
            await Until.True(() => waiting.Error is RejectedException);
            Assert.That(waiting.Status, Is.EqualTo(SessionStatus.Connecting));
            await guest.CloseAsync();
            await waiting.WaitForOpenedAsync();
            await waiting.CloseAsync();
        }

        [Test]
        public async Task A_misspelled_state_field_is_named_with_those_that_there_are()
        {
            var opening = new Opening { StateByName = new Dictionary<string, float> { ["fasing"] = 1f } };
            var before = Assert.ThrowsAsync<ArgumentException>(() => _client.PlayAsync(opening));
            Assert.That(before!.Message, Is.EqualTo(
                "state field 'fasing' is unknown, world 'critters' has: x, y, facing, walk, camera, clock"));
            using StreamDitSession session = await _client.PlayAsync(new Opening());
            Assert.That(
                Assert.Throws<ArgumentException>(() => session.State("fasing", 1f))!.Message, Is.EqualTo(before.Message));
            Assert.That(
                Assert.Throws<ArgumentException>(() => session.State(new float[2]))!.Message,
                Does.Contain("2 values").And.Contain("6 fields: x, y"));
            Assert.That(
                Assert.Throws<ArgumentException>(() => session.State("x", float.NaN))!.Message,
                Is.EqualTo("state field 'x' is NaN, expected a finite number"));
            await session.CloseAsync();
        }
    }
}
