#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;

namespace StreamDit.Tests
{
    /// <summary>
    /// Pace, latency and garbage. A busy machine makes any engine late, so only what must hold is asserted, and every
    /// number is printed: `make unity-bench` shows them.
    /// </summary>
    public sealed class PaceTests
    {
        [Test]
        public async Task Ten_seconds_come_as_evenly_as_to_the_Python_bot_on_the_same_engine()
        {
            using StreamDitClient client = Engines.Shared.Client();
            string report = Path.GetTempFileName();
            using Process bot = Python.Start(
                Python.Bots, "--address", Engines.Shared.Address, "--seconds", "10", "--scenario", "wander", "--report", report);
            using var take = new Take(await client.PlayAsync(new Opening()));
            await take.PlayAsync(10.0);
            Closed closed = await take.Session.CloseAsync();
            bot.WaitForExit();
            using JsonDocument python = JsonDocument.Parse(File.ReadAllText(report));
            File.Delete(report);
            File.Delete(Path.ChangeExtension(report, ".png"));

            SessionStats stats = take.Session.Stats();
            double botFps = python.RootElement.GetProperty("fps").GetDouble();
            JsonElement botMs = python.RootElement.GetProperty("interval_ms");
            JsonElement botControlMs = python.RootElement.GetProperty("control_latency_ms");
            Percentiles interval = take.IntervalMs;
            Percentiles control = stats.ControlLatencyMs!.Value;
            TestContext.WriteLine(
                $"fps: C# {take.Fps:F2}, Python bot {botFps:F2}\n"
                + $"interval ms: C# p50 {interval.P50:F2} p95 {interval.P95:F2} p99 {interval.P99:F2} max {interval.Max:F2}, "
                + $"Python bot {botMs}\n"
                + $"control latency ms: C# p50 {control.P50:F1} p95 {control.P95:F1} max {control.Max:F1}, "
                + $"Python bot {botControlMs}\n"
                + $"jitter ms p99 {stats.JitterMs!.Value.P99:F2}, replaced {stats.NumReplaced}");

            Assert.That(closed.Reason, Is.EqualTo(ClosedReason.ClientClosed));
            Assert.That(take.PtsUs.All(pts => pts % 62_500 == 0), "frames are multiples of 62.5 ms of media time");
            Assert.That(take.PtsUs, Is.Ordered.Ascending);
            Assert.That(stats.NumFrames, Is.EqualTo((long)closed.Totals!.FramesSent).Within(8)); // some under way
            Assert.That(take.Fps, Is.GreaterThan(botFps * 0.7));
            Assert.That(interval.P50, Is.EqualTo(botMs.GetProperty("p50").GetDouble()).Within(30.0));
            Assert.That(control.P50, Is.LessThan((botControlMs.GetProperty("p50").GetDouble() * 2) + 250.0));
        }

        [Test]
        public async Task Eight_play_at_once()
        {
            using StreamDitClient client = Engines.Shared.Client();
            var sessions = new List<StreamDitSession>();
            for (int count = 0; count < 8; count++)
            {
                sessions.Add(await client.PlayAsync(new Opening { Seed = (ulong)count }));
            }

            var ended = await Task.WhenAll(sessions.Select(async session =>
            {
                ulong newest = 0;
                for (int count = 0; count < 12; count++)
                {
                    ulong said = session.State("x", 20f + count);
                    using FrameSlot frame = await Until.Frame(session, withinS: 60.0);
                    Assert.That(frame.FrameId, Is.GreaterThan(newest));
                    Assert.That(frame.LastEventId, Is.LessThanOrEqualTo(said));
                    newest = frame.FrameId;
                }

                return await session.CloseAsync();
            }));
            Assert.That(ended.Select(closed => closed.Reason), Is.All.EqualTo(ClosedReason.ClientClosed));
        }

        [Test]
        public async Task A_game_that_hangs_finds_the_newest_frame_and_no_pile()
        {
            using StreamDitClient client = Engines.Shared.Client();
            using StreamDitSession session = await client.PlayAsync(new Opening());
            (await Until.Frame(session)).Dispose();
            await Until.True(() => session.Frames.NumReplaced >= 20, what: "twenty frames that nobody took");
            Assert.That(session.Frames.Count, Is.LessThanOrEqualTo(1));
            Assert.That(session.Frames.NumSlots, Is.LessThanOrEqualTo(3));
            using FrameSlot frame = await Until.Frame(session);
            Assert.That(frame.FrameId, Is.GreaterThan(20));
            await session.CloseAsync();
        }

        [Test]
        public async Task A_stalled_connection_brings_at_most_a_window_of_old_frames()
        {
            using var relay = new Relay(Engines.Shared.Port);
            StreamDitOptions options = Engines.Shared.Options();
            options.Address = relay.Address;
            using var client = new StreamDitClient(options);
            using StreamDitSession session = await client.PlayAsync(new Opening());
            await Until.True(() => session.Stats().ClockOffsetUs != null, what: "a heartbeat's echo");
            (await Until.Frame(session)).Dispose();
            relay.Stall();
            await Task.Delay(500); // what was under way has arrived
            while (session.Frames.TryTake(out FrameSlot? late))
            {
                late!.Dispose();
            }

            long before = session.Stats().NumFrames;
            long droppedBefore = session.Stats().Dropped.Total;
            double offsetUs = session.Stats().ClockOffsetUs!.Value;
            await Task.Delay(3000);
            Assert.That(session.Stats().NumFrames, Is.EqualTo(before), "nothing comes through");
            double wentOnUs = MonotonicClock.NowUs() + offsetUs; // on the engine's clock
            relay.GoOn();
            ulong frameId = 0;
            for (bool fresh = false; !fresh;)
            {
                using FrameSlot frame = await Until.Frame(session);
                fresh = frame.SendUs >= wentOnUs;
                frameId = frame.FrameId;
            }

            // All that arrived, also what the mailbox had replaced before this test looked.
            SessionStats stats = session.Stats();
            long arrived = stats.NumFrames - before;
            long dropped = stats.Dropped.Total - droppedBefore;
            TestContext.WriteLine($"frame {frameId} is fresh; {arrived} arrived since, {dropped} dropped on the way");
            Assert.That(arrived, Is.LessThanOrEqualTo(session.Opened!.Window + 4)); // of 48; some of them are fresh
            Assert.That(dropped, Is.GreaterThan(0));
            Assert.That(session.Status, Is.EqualTo(SessionStatus.Playing));
            await session.CloseAsync();
        }

        /// <summary>A minute, or STREAMDIT_SOAK_S seconds.</summary>
        [TestCase(Encoding.Jpeg)]
        [TestCase(Encoding.Rgb24)]
        public async Task The_managed_heap_stays_flat_over_a_soak(Encoding encoding)
        {
            double seconds = double.Parse(Environment.GetEnvironmentVariable("STREAMDIT_SOAK_S") ?? "60") / 2;
            using StreamDitClient client = Engines.Shared.Client();
            using var take = new Take(await client.PlayAsync(new Opening { Encodings = new[] { encoding } }));
            await take.PlayAsync(Math.Max(5.0, seconds / 4)); // code is compiled, buffers have their size
            long slots = take.Session.Frames.NumSlots;
            long heapBefore = GC.GetTotalMemory(forceFullCollection: true);
            long allocatedBefore = GC.GetTotalAllocatedBytes(precise: true);
            long framesBefore = take.Session.Stats().NumFrames;
            await take.PlayAsync(seconds * 3 / 4);
            long frames = take.Session.Stats().NumFrames - framesBefore;
            double perFrame = (double)(GC.GetTotalAllocatedBytes(precise: true) - allocatedBefore) / frames;
            long heapGrew = GC.GetTotalMemory(forceFullCollection: true) - heapBefore;
            TestContext.WriteLine(
                $"{encoding}: {frames} frames, {perFrame:F0} bytes allocated per frame in the whole process (gRPC and .NET's "
                + $"HTTP/2 included; a state and an ack go with each; the core's own: CoreGarbageTests), heap grew by {heapGrew} bytes, {take.Session.Frames.NumSlots} slots");
            Assert.That(frames, Is.GreaterThan(seconds));
            Assert.That(heapGrew, Is.LessThan(200_000));
            Assert.That(take.Session.Frames.NumSlots, Is.LessThanOrEqualTo(slots + 1));
            Assert.That(perFrame, Is.LessThan(8192)); // most of it .NET's: measured 4 kB on .NET 10
            await take.Session.CloseAsync();
        }

        /// <summary>A game loop on its own thread: takes frames as it finds them, says a state each time.</summary>
        private sealed class Take : IDisposable
        {
            private const int MaxFrames = 16 * 400;
            private readonly List<long> _arrivalsUs = new List<long>(MaxFrames);
            private readonly float[] _state;
            private readonly float[] _horizon;

            public Take(StreamDitSession session)
            {
                Session = session;
                IReadOnlyList<StateField> fields = session.Opened!.World.StateFields;
                _state = fields.Select(field => field.Initial).ToArray();
                _horizon = Enumerable.Repeat(_state, 8).SelectMany(one => one).ToArray();
            }

            public StreamDitSession Session { get; }

            public List<long> PtsUs { get; } = new List<long>(MaxFrames);

            public double Fps => (_arrivalsUs.Count - 1) * 1e6 / (_arrivalsUs[_arrivalsUs.Count - 1] - _arrivalsUs[0]);

            public Percentiles IntervalMs
            {
                get
                {
                    var intervals = new RunningPercentiles(MaxFrames);
                    for (int index = 1; index < _arrivalsUs.Count; index++)
                    {
                        intervals.Add((_arrivalsUs[index] - _arrivalsUs[index - 1]) / 1e3);
                    }

                    return intervals.Summary()!.Value;
                }
            }

            public void Dispose() => Session.Dispose();

            public Task PlayAsync(double seconds) => Task.Factory.StartNew(
                () => Loop(seconds), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

            private void Loop(double seconds)
            {
                long endUs = MonotonicClock.NowUs() + (long)(seconds * 1e6);
                while (MonotonicClock.NowUs() < endUs)
                {
                    if (Session.Frames.TryTake(out FrameSlot? frame))
                    {
                        _arrivalsUs.Add(frame!.ReceivedTimeUs);
                        PtsUs.Add(frame.PtsUs);
                        frame.Dispose();
                        _state[0] = 20f + (PtsUs.Count % 80);
                        Session.State(_state, _horizon);
                    }

                    Thread.Sleep(2);
                }
            }
        }
    }
}
