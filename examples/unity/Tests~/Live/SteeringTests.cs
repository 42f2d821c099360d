#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading.Tasks;
using NUnit.Framework;

namespace StreamDit.Tests
{
    /// <summary>Keys, parts of a state, silence and starts, on an engine whose world takes them all.</summary>
    public sealed class SteeringTests
    {
        private Engine _engine = null!;
        private StreamDitClient _client = null!;

        [OneTimeSetUp]
        public void Dial()
        {
            _engine = Engine.StartScript("steered.py");
            _client = _engine.Client();
        }

        [OneTimeTearDown]
        public void HangUp()
        {
            _client?.Dispose();
            _engine?.Dispose();
        }

        private static Opening Free() => new Opening
        {
            Delivery = Delivery.Lockstep,
            Encodings = new[] { Encoding.Rgb24 },
            Seed = 7,
        };

        [Test]
        public async Task The_same_script_gives_the_same_frames_as_in_Python()
        {
            var lines = new List<string>();
            Opening opening = Free();
            opening.Actions = new Dictionary<string, float> { ["left"] = 1f };
            opening.Start = new Start("meadow");
            using StreamDitSession session = await _client.PlayAsync(opening);
            for (int count = 1; count <= 36; count++)
            {
                using FrameSlot frame = await Until.Frame(session);
                string digest = System.Convert.ToHexString(SHA256.HashData(frame.Payload)).ToLowerInvariant();
                lines.Add($"{frame.FrameId} {frame.LastEventId} {digest}");
                Say(session, count);
            }

            await session.CloseAsync();
            string[] python = Python.Run("scripted_steering.py", _engine.Address)
                .Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.That(lines, Is.EqualTo(python));
            Assert.That(lines.Select(line => line.Split(' ')[2]).Distinct().Count(), Is.GreaterThan(5));
        }

        private static void Say(StreamDitSession session, int count)
        {
            switch (count)
            {
                case 4:
                    session.Actions("right", "jump");
                    break;
                case 8:
                    session.State("x", 90f);
                    break;
                case 12:
                    session.Release(Steering.State);
                    break;
                case 16:
                    session.Actions(new[] { 0f, 0f, 0f, -0.5f }, new[] { 0f, 0f, 1f, 0f });
                    break;
                case 20:
                    session.Prompt("a square on sand");
                    break;
                case 24:
                    session.Release(Steering.Prompt, Steering.Actions);
                    break;
                case 28:
                    session.Reset(11, Grey());
                    break;
            }
        }

        private static Start Grey()
        {
            var frame = new byte[64 * 48 * 3];
            Array.Fill(frame, (byte)200);
            return new Start(new[] { frame, frame }, Encoding.Rgb24)
            {
                States = new[] { new[] { 1f, 0f }, new[] { 2f, 0f } },
                Actions = new[]
                {
                    new Dictionary<string, float>(),
                    new Dictionary<string, float> { ["left"] = 1f },
                },
            };
        }

        [Test]
        public async Task The_world_and_what_steers_are_known_once_it_is_open()
        {
            Opening opening = Free();
            opening.StateByName = new Dictionary<string, float> { ["x"] = 3f };
            using StreamDitSession session = await _client.PlayAsync(opening);
            Opened opened = session.Opened!;
            Assert.That(opened.SteeredBy, Is.EqualTo(new[] { Steering.State }));
            WorldInfo world = opened.World;
            Assert.That(world.MayBeOpen, Is.EquivalentTo(new[] { Steering.Prompt, Steering.State, Steering.Actions }));
            Assert.That(world.StartClips, Is.EqualTo(new[] { "meadow", "ledge" }));
            Assert.That(world.Actions.Select(action => action.Name), Is.EqualTo(new[] { "left", "right", "jump", "throttle" }));
            ActionInfo left = world.Actions[0], throttle = world.Actions[3];
            Assert.That((left.Kind, left.Group, left.DefaultKey), Is.EqualTo((ActionKind.Button, "walk", "left")));
            Assert.That((throttle.Kind, throttle.Min, throttle.Max), Is.EqualTo((ActionKind.Axis, -1f, 1f)));
            await session.CloseAsync();
        }

        private static IEnumerable<TestCaseData> Mistakes()
        {
            yield return Mistake("'fly' is unknown, world 'keys' has: left, right, jump, throttle", s => s.Actions("fly"));
            yield return Mistake("'jump' is there twice", s => s.Actions("jump", "jump"));
            yield return Mistake("'left' and 'right' exclude each other, group 'walk'", s => s.Actions("left", "right"));
            yield return Mistake("'throttle' is 2, must be -1..1", s => s.Actions(new[] { 0f, 0f, 0f, 2f }));
            yield return Mistake("'jump' is 0.5, a button is 0 or 1", s => s.Actions(new[] { 0f, 0f, 0.5f, 0f }));
            yield return Mistake("'throttle' is NaN", s => s.Actions(new[] { 0f, 0f, 0f, float.NaN }));
            yield return Mistake("2 values, world 'keys' has 4", s => s.Actions(new[] { 0f, 0f }));
            yield return Mistake("horizon has 3 values", s => s.Actions(new float[4], new float[3]));
            yield return Mistake("horizon has 400 sets", s => s.Actions(new float[4], new float[1600]));
            yield return Mistake("'y' is unknown", s => s.State(new[] { "y" }, new[] { 1f }));
            yield return Mistake("'x' is there twice", s => s.State(new[] { "x", "x" }, new[] { 1f, 2f }));
            yield return Mistake("1 values for 2 fields", s => s.State(new[] { "x", "spin" }, new[] { 1f }));
            yield return Mistake("release what?", s => s.Release());
            yield return Mistake("'cave' is unknown, world 'keys' has: meadow, ledge", s => s.Reset(1, new Start("cave")));
            yield return Mistake(
                "start has 1 frames, must be a multiple of 2",
                s => s.Reset(1, new Start(new[] { new byte[9216] }, Encoding.Rgb24)));
            yield return Mistake(
                "start frame 0 is 3 bytes",
                s => s.Reset(1, new Start(new[] { new byte[3], new byte[3] }, Encoding.Rgb24)));
        }

        private static TestCaseData Mistake(string message, Action<StreamDitSession> call) =>
            new TestCaseData(message, call).SetArgDisplayNames(message);

        [TestCaseSource(nameof(Mistakes))]
        public async Task A_mistake_raises_where_it_was_made_and_nothing_is_lost(string message, object call)
        {
            using StreamDitSession session = await _client.PlayAsync(Free());
            var error = Assert.Throws<ArgumentException>(() => ((Action<StreamDitSession>)call)(session));
            Assert.That(error!.Message, Does.Contain(message));
            using FrameSlot first = await Until.Frame(session);
            ulong eventId = session.Actions("jump");
            ulong heard = 0;
            for (int count = 0; count < 8; count++)
            {
                using FrameSlot later = await Until.Frame(session);
                heard = later.LastEventId;
            }

            Assert.That((eventId, heard), Is.EqualTo((1UL, 1UL)));
            await session.CloseAsync();
        }

        private static IEnumerable<TestCaseData> WrongOpenings()
        {
            yield return Wrong("'fly' is unknown", o => o.Actions = Held("fly"));
            yield return Wrong("'left' and 'right' exclude each other", o => o.Actions = Held("left", "right"));
            yield return Wrong("'y' is unknown", o => o.StateByName = Held("y"));
            yield return Wrong("'cave' is unknown, world 'keys' has: meadow, ledge", o => o.Start = new Start("cave"));
        }

        private static TestCaseData Wrong(string message, Action<Opening> change) =>
            new TestCaseData(message, change).SetArgDisplayNames(message);

        private static Dictionary<string, float> Held(params string[] names) => names.ToDictionary(name => name, _ => 1f);

        private static List<string> Notices(StreamDitSession session)
        {
            var codes = new List<string>();
            while (session.TryTakeNews(out News? news))
            {
                if (news is Notice notice)
                {
                    codes.Add(notice.Code);
                }
            }

            return codes;
        }

        [TestCaseSource(nameof(WrongOpenings))]
        public void A_mistake_in_the_opening_raises_where_it_is_opened(string message, object change)
        {
            Opening opening = Free();
            ((Action<Opening>)change)(opening);
            Exception? error = Assert.CatchAsync(() => _client.PlayAsync(opening));
            Assert.That(error!.Message, Does.Contain(message));
        }

        [Test]
        public async Task Over_a_broken_connection_what_was_said_stays_said_and_what_was_released_stays_open()
        {
            using var relay = new Relay(_engine.Port);
            StreamDitOptions options = _engine.Options();
            options.Address = relay.Address;
            using var client = new StreamDitClient(options);
            Opening opening = Free();
            opening.Delivery = Delivery.Latest;
            opening.Prompt = "a square on sand";
            using StreamDitSession session = await client.PlayAsync(opening);
            Assert.That(session.Opened!.SteeredBy, Is.EqualTo(new[] { Steering.Prompt }));
            session.Actions("left");
            session.State("x", 90f);
            session.Release(Steering.Prompt);
            var both = new[] { Steering.State, Steering.Actions };
            Opened first = session.Opened!;
            relay.Cut();
            await Until.True(() => session.Opened != first && session.Status == SessionStatus.Playing);
            Assert.That(session.Opened!.Resumed, Is.False);
            Assert.That(session.WorldsLost, Is.EqualTo(1));
            Assert.That(Notices(session), Has.Exactly(1).EqualTo(Notice.WorldLost));
            Assert.That(session.Opened!.SteeredBy, Is.EqualTo(both)); // the engine's word
            Assert.That(session.LastPrompt, Is.Empty);
            await session.CloseAsync();
        }

        [Test]
        public async Task A_state_that_was_refused_does_not_keep_a_session_from_being_opened_again()
        {
            using var relay = new Relay(_engine.Port);
            StreamDitOptions options = _engine.Options();
            options.Address = relay.Address;
            using var client = new StreamDitClient(options);
            Opening opening = Free();
            opening.Delivery = Delivery.Latest;
            using StreamDitSession session = await client.PlayAsync(opening);
            session.State("x", 500f);
            Assert.That((await Until.News<EventRejected>(session)).Reason, Is.EqualTo("STATE_OUT_OF_RANGE"));
            Opened first = session.Opened!;
            relay.Cut();
            await Until.True(() => session.Closed != null || (session.Opened != first && session.Status == SessionStatus.Playing));
            Assert.That(session.Closed, Is.Null);
            await session.CloseAsync();
        }

        [Test]
        public async Task A_client_that_was_silent_says_again_what_it_holds()
        {
            using Engine engine = Engine.Start("--world", "blocks");
            using var relay = new Relay(engine.Port);
            StreamDitOptions options = engine.Options();
            options.Address = relay.Address;
            using var client = new StreamDitClient(options);
            using StreamDitSession session = await client.PlayAsync(new Opening());
            ulong said = session.Actions("right");
            Assert.That((await Applied(session)).EventId, Is.EqualTo(said));
            relay.Mute();
            Notice notice;
            do
            {
                notice = await Until.News<Notice>(session); // a busy machine may be LATE too
            }
            while (notice.Code != "ACTIONS_RELEASED");
            relay.GoOn();
            Assert.That((await Applied(session)).EventId, Is.EqualTo(said + 1)); // nobody but the client itself said it
            await session.CloseAsync();
        }

        private static async Task<EventApplied> Applied(StreamDitSession session)
        {
            EventApplied applied = default;
            await Until.True(() => session.TryTakeApplied(out applied));
            return applied;
        }

        [Test]
        public async Task A_key_is_held_through_a_pause_by_beating_more_often()
        {
            Opening opening = Free();
            opening.Delivery = Delivery.Latest;
            using StreamDitSession session = await _client.PlayAsync(opening);
            Opened opened = session.Opened!;
            Assert.That(opened.ActionsTimeoutS, Is.EqualTo(2.0));
            Assert.That(Connection.BeatEveryS(opened, 2.0), Is.EqualTo(0.5));
            Assert.That(Connection.BeatEveryS(opened, 0.1), Is.EqualTo(0.1));
            using StreamDitClient critters = Engines.Shared.Client();
            using StreamDitSession other = await critters.PlayAsync(new Opening());
            Assert.That(Connection.BeatEveryS(other.Opened!, 2.0), Is.EqualTo(2.0)); // it has none to hold
            await other.CloseAsync();
            await session.CloseAsync();
        }

        [Test]
        public async Task A_world_that_takes_no_keys_says_so_and_cannot_be_left_open()
        {
            using StreamDitClient critters = Engines.Shared.Client();
            using StreamDitSession session = await critters.PlayAsync(new Opening());
            var error = Assert.Throws<ArgumentException>(() => session.Actions("jump"));
            Assert.That(error!.Message, Does.Contain("takes no actions"));
            error = Assert.Throws<ArgumentException>(() => session.Release(Steering.State));
            Assert.That(error!.Message, Does.Contain("cannot leave its state open, it can: nothing"));
            await session.CloseAsync();
        }

        [Test]
        public async Task Python_reads_keys_parts_of_a_state_and_releases_from_a_recording()
        {
            string folder = Path.Combine(Path.GetTempPath(), "streamdit-" + Guid.NewGuid().ToString("N"));
            Opening opening = Free();
            opening.Actions = new Dictionary<string, float> { ["left"] = 1f };
            using StreamDitSession session = await _client.PlayAsync(opening);
            using (Recorder recorder = session.StartRecording(folder))
            {
                for (int count = 1; count <= 16; count++)
                {
                    using FrameSlot frame = await Until.Frame(session);
                    if (count == 8) // the first chunk may have come before the recording began, the second one has not
                    {
                        session.Actions("right", "jump");
                        session.Actions("right", "jump"); // no change, so it is not written again
                        session.State("x", 90f);
                    }

                    if (count == 12)
                    {
                        session.Release(Steering.State, Steering.Actions);
                    }
                }

                recorder.Finish();
            }

            await session.CloseAsync();
            Assert.That(Python.Run("read_steering.py", folder).Trim(), Is.EqualTo("as it was"));
            Directory.Delete(folder, recursive: true);
        }
    }
}
