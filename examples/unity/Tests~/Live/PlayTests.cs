#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Threading.Tasks;
using NUnit.Framework;

namespace StreamDit.Tests
{
    /// <summary>The core against the live engine: it opens, frames come, prompts and states take effect.</summary>
    public sealed class PlayTests
    {
        private StreamDitClient _client = null!;

        [OneTimeSetUp]
        public void Dial() => _client = Engines.Shared.Client();

        [OneTimeTearDown]
        public void HangUp() => _client?.Dispose();

        [Test]
        public async Task An_engine_says_what_it_serves()
        {
            ServerInfo info = await _client.ServerInfoAsync();
            WorldInfo world = info.Worlds.Single();
            Assert.That(world.Name, Is.EqualTo("critters"));
            Assert.That((world.Fps, world.Width, world.Height), Is.EqualTo((16.0, 128, 128)));
            Assert.That(
                world.StateFields.Select(field => field.Name),
                Is.EqualTo(new[] { "x", "y", "facing", "walk", "camera", "clock" }));
            Assert.That(info.ApiVersion, Is.EqualTo(1));
        }

        [Test]
        public async Task The_picture_follows_state_and_prompt()
        {
            using StreamDitSession session = await _client.PlayAsync(Scripted());
            var brightness = new List<double>();
            byte[] before = Array.Empty<byte>();
            byte[] after = Array.Empty<byte>();
            for (int count = 1; count <= 8; count++)
            {
                using FrameSlot frame = await Until.Frame(session);
                brightness.Add(Mean(frame.Payload));
                if (count == 2)
                {
                    before = frame.Payload.ToArray();
                    session.State("x", 90f);
                }

                if (count == 4)
                {
                    after = frame.Payload.ToArray();
                    session.Prompt("a robot in a city at night");
                }
            }

            Assert.That(brightness[7], Is.LessThan(brightness[1] - 20)); // the city is dark
            double[] moved = Columns(before, after);
            Assert.That(moved.Take(20).Average(), Is.LessThan(moved.Skip(24).Take(86).Average()));
        }

        [Test]
        public async Task Events_are_applied_and_their_control_latency_is_measured()
        {
            using StreamDitSession session = await _client.PlayAsync(new Opening { Prompt = "a pig in a meadow" });
            (await Until.Frame(session)).Dispose();
            ulong state = session.State("x", 90f);
            ulong prompt = session.Prompt("a robot in a city at night", PromptTransition.Fast);
            Assert.That(prompt, Is.GreaterThan(state));
            ulong reached = 0;
            while (reached < prompt)
            {
                using FrameSlot frame = await Until.Frame(session);
                reached = frame.LastEventId;
            }

            var applied = new List<ulong>();
            while (session.TryTakeApplied(out EventApplied one))
            {
                applied.Add(one.EventId);
            }

            Assert.That(applied, Is.EqualTo(new[] { state, prompt }));
            SessionStats stats = session.Stats();
            Assert.That(stats.PromptInForce, Is.EqualTo("a robot in a city at night"));
            Assert.That(stats.ControlLatencyMs!.Value.P50, Is.GreaterThan(0).And.LessThan(10_000));
            TestContext.WriteLine($"control latency {stats.ControlLatencyMs.Value.P50:F1} ms");
        }

        [Test]
        public async Task The_clocks_offset_is_found_by_heartbeats()
        {
            using StreamDitSession session = await _client.PlayAsync(new Opening());
            await Until.True(() => session.Stats().ClockOffsetUs != null, what: "a heartbeat's echo");
            double offsetUs = session.Stats().ClockOffsetUs!.Value;
            double roundTripMs = session.Stats().RoundTripMs!.Value;
            using FrameSlot frame = await Until.Frame(session);
            // On one machine both clocks count since it started: sent before it was received.
            Assert.That(frame.SendUs, Is.LessThanOrEqualTo(frame.ReceivedTimeUs + offsetUs + (roundTripMs * 1000) + 1000));
            TestContext.WriteLine($"offset {offsetUs:F0} us, round trip {roundTripMs:F2} ms");
        }

        [Test]
        public async Task Unknown_words_are_reported_and_the_rest_is_in_force()
        {
            using StreamDitSession session = await _client.PlayAsync(new Opening { Prompt = "a purple pig in a meadow" });
            Notice notice = await Until.News<Notice>(session);
            Assert.That((notice.Code, notice.Words.Single()), Is.EqualTo(("UNKNOWN_WORDS", "purple")));
        }

        [Test]
        public async Task An_opening_state_by_name_leaves_the_other_fields_at_rest()
        {
            var opening = Scripted();
            opening.State = null;
            opening.StateByName = new Dictionary<string, float> { ["x"] = 40, ["y"] = 0, ["facing"] = 1 };
            using StreamDitSession named = await _client.PlayAsync(opening);
            using StreamDitSession ordered = await _client.PlayAsync(Scripted());
            using FrameSlot one = await Until.Frame(named);
            using FrameSlot other = await Until.Frame(ordered);
            Assert.That(one.Payload.SequenceEqual(other.Payload), Is.True);
        }

        [Test]
        public async Task One_script_and_one_seed_give_the_same_bytes_as_in_Python()
        {
            string[] python = Python.Run("scripted.py", Engines.Shared.Address).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            var here = new List<string>();
            using StreamDitSession session = await _client.PlayAsync(Scripted());
            for (int count = 1; count <= 16; count++)
            {
                using FrameSlot frame = await Until.Frame(session);
                string digest = System.Convert.ToHexString(SHA256.HashData(frame.Payload));
                here.Add($"{frame.FrameId} {frame.PtsUs} {frame.LastEventId} {digest.ToLowerInvariant()}");
                switch (count)
                {
                    case 2:
                        session.State("x", 90f);
                        break;
                    case 4:
                        session.Prompt("a robot in a city at night");
                        break;
                    case 8:
                        session.State(new[] { 64f, 10f, -1f, 0.5f, 20f, 0.25f }, new[] { 68f, 10f, -1f, 0.6f, 20f, 0.25f });
                        break;
                    case 10:
                        session.SwitchProfile("cinematic");
                        session.Prompt("a fox in snow", PromptTransition.Smooth, smoothFrames: 4);
                        break;
                    case 12:
                        session.Reset(11);
                        break;
                    default:
                        break;
                }
            }

            Assert.That(here, Is.EqualTo(python));
        }

        private static Opening Scripted() => new Opening
        {
            Prompt = "a pig in a meadow",
            State = new[] { 40f, 0f, 1f, 0f, 0f, 0f },
            Delivery = Delivery.Lockstep,
            Encodings = new[] { Encoding.Rgb24 },
            Seed = 7,
        };

        private static double Mean(ReadOnlySpan<byte> bytes)
        {
            long sum = 0;
            foreach (byte value in bytes)
            {
                sum += value;
            }

            return (double)sum / bytes.Length;
        }

        /// <summary>How much each of the 128 columns changed.</summary>
        private static double[] Columns(byte[] before, byte[] after)
        {
            var moved = new double[128];
            for (int index = 0; index < before.Length; index++)
            {
                moved[index / 3 % 128] += Math.Abs(before[index] - after[index]) / 384.0;
            }

            return moved;
        }
    }
}
