#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using NUnit.Framework;

namespace StreamDit.Tests
{
    /// <summary>
    /// Recordings whose process ended anyhow. What another process finds on disk while one is written is what a killed
    /// one leaves, so a copy is looked at, by the Python SDK.
    /// </summary>
    public sealed class CutShortTests
    {
        private const int Width = 8;
        private const int Height = 4;
        private const int MostLost = 32; // frames: two seconds

        private string _folder = "";
        private string _copy = "";

        [SetUp]
        public void NameFolders()
        {
            _folder = Path.Combine(Path.GetTempPath(), "streamdit-" + Guid.NewGuid().ToString("N"));
            _copy = _folder + "-copy";
        }

        [TearDown]
        public void RemoveFolders()
        {
            foreach (string folder in new[] { _folder, _copy }.Where(Directory.Exists))
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        [TestCase(Encoding.Jpeg)]
        [TestCase(Encoding.Rgb24)]
        public async Task What_was_played_is_there_while_it_is_written(Encoding encoding)
        {
            using StreamDitClient client = Engines.Shared.Client();
            using StreamDitSession session = await client.PlayAsync(new Opening
            {
                Prompt = "a pig in a meadow",
                State = new[] { 40f, 0f, 1f, 0f, 0f, 0f },
                Delivery = Delivery.Lockstep,
                Encodings = new[] { encoding },
                Seed = 7,
            });
            using Recorder recorder = session.StartRecording(_folder);
            for (int count = 1; count <= 40; count++)
            {
                using FrameSlot frame = await Until.Frame(session);
                if (count == 4)
                {
                    session.State("x", 90f);
                }
            }

            JsonElement killed = ReadCopy();
            Assert.That(killed.GetProperty("finished").GetBoolean(), Is.False);
            int held = killed.GetProperty("num_frames").GetInt32();
            Assert.That(held, Is.GreaterThanOrEqualTo(40 - MostLost));
            double[] states = Numbers(killed, "states");
            Assert.That((states[0], states[^1]), Is.EqualTo((40.0, 90.0)));
            Assert.That(killed.GetProperty("prompts")[0].GetString(), Is.EqualTo("a pig in a meadow"));
            recorder.Finish();
            JsonElement whole = Read(_folder);
            Assert.That(whole.GetProperty("finished").GetBoolean(), Is.True);
            Assert.That(whole.GetProperty("num_frames").GetInt32(), Is.EqualTo(recorder.NumFrames));
        }

        [Test]
        public void It_may_end_in_the_middle_of_a_frame()
        {
            using Recorder recorder = Record(16.0, Enumerable.Range(0, 12));
            JsonElement told = ReadCopy("cut");
            Assert.That(Numbers(told, "first_values"), Is.EqualTo(Enumerable.Range(0, 12)));
        }

        [Test]
        public void Nothing_was_played_yet()
        {
            using Recorder recorder = Record(16.0, Enumerable.Empty<int>());
            Assert.That(ReadCopy().GetProperty("num_frames").GetInt32(), Is.Zero);
            recorder.Finish();
            Assert.That(Read(_folder).GetProperty("finished").GetBoolean(), Is.True);
        }

        [TestCase(16.0)]
        [TestCase(29.97)] // no whole number of the file's ticks
        public void Frames_that_were_lost_take_their_time(double fps)
        {
            // Dropped: 20..27 and 40..119; from 2000 on a period that is rounded would be one frame off.
            int[] slots = Enumerable.Range(0, 20).Concat(Enumerable.Range(28, 12)).Concat(Enumerable.Range(120, 2400)).ToArray();
            double[] timesMs = slots.Select(slot => Math.Round(slot * 1000.0 / fps, MidpointRounding.ToEven)).ToArray();
            Recorder recorder = Record(fps, slots);
            foreach (JsonElement told in new[] { ReadCopy(), Finished(recorder) })
            {
                Assert.That(Numbers(told, "times_ms"), Is.EqualTo(timesMs).Within(1.0));
                Assert.That(Numbers(told, "first_values"), Is.EqualTo(slots.Select(slot => slot % 256)));
                double[] gapsMs = Numbers(told, "gaps_ms");
                Assert.That(gapsMs, Is.EqualTo(new[] { timesMs[19] + (1000 / fps), timesMs[31] + (1000 / fps) }).Within(1.0));
                Assert.That(told.GetProperty("seconds").GetDouble(), Is.EqualTo(2520 / fps).Within(1e-3));
            }
        }

        [Test]
        public void Another_world_that_begins_again_is_no_gap()
        {
            JsonElement told = Finished(Record(16.0, new[] { 7, 8, 9, 0, 1, 2 }));
            Assert.That(Numbers(told, "times_ms"), Is.EqualTo(new[] { 0.0, 62.5, 125, 187.5, 250, 312.5 }).Within(1.0));
        }

        [Test]
        public void One_that_was_cut_short_is_left_alone()
        {
            using Recorder recorder = Record(16.0, Enumerable.Range(0, 3));
            Copy();
            var error = Assert.Throws<RecordingException>(() => new Recorder(_copy, Opened(16.0), () => { }));
            Assert.That(error!.Message, Does.Contain("holds a recording that was cut short already"));
            Assert.That(Read(_copy).GetProperty("num_frames").GetInt32(), Is.EqualTo(3));
        }

        [TestCase(0.0)]
        [TestCase(double.NaN)]
        [TestCase(2000.0)]
        public void A_world_of_no_frame_rate_is_refused(double fps)
        {
            var error = Assert.Throws<RecordingException>(() => new Recorder(_folder, Opened(fps), () => { }));
            Assert.That(error!.Message, Does.Contain("fps is").And.Contain("expected 0.01..1000"));
        }

        /// <summary>A recording of frames at these times, in frame periods, each of them grey.</summary>
        private Recorder Record(double fps, IEnumerable<int> slots)
        {
            Opened opened = Opened(fps);
            var recorder = new Recorder(_folder, opened, () => { });
            recorder.Begin("a pig \u2028 in a meadow", new HeldState(opened.World), null);
            var mailbox = new FrameMailbox(1, dropOldest: true);
            ulong frameId = 0;
            foreach (int slot in slots)
            {
                using FrameSlot frame = mailbox.Rent();
                frame.FrameId = ++frameId;
                frame.PtsUs = (long)Math.Round(slot * 1e6 / fps);
                (frame.Encoding, frame.Width, frame.Height) = (Encoding.Rgb24, Width, Height);
                frame.PayloadBuffer = Enumerable.Repeat((byte)slot, 3 * Width * Height).ToArray();
                frame.PayloadLength = frame.PayloadBuffer.Length;
                recorder.Frame(frame);
            }

            Assert.That(recorder.Error, Is.Null);
            return recorder;
        }

        private static Opened Opened(double fps) => new Opened
        {
            World = new WorldInfo
            {
                Name = "grey",
                Fps = fps,
                Width = Width,
                Height = Height,
                StateFields = new[] { new StateField("x", 0f, 1f, false, 0f) },
            },
            Encoding = Encoding.Rgb24,
        };

        private JsonElement Finished(Recorder recorder)
        {
            recorder.Finish();
            return Read(_folder);
        }

        private JsonElement ReadCopy(string how = "all")
        {
            Copy();
            return Read(_copy, how);
        }

        private void Copy()
        {
            Directory.CreateDirectory(_copy);
            foreach (string file in Directory.GetFiles(_folder))
            {
                File.Copy(file, Path.Combine(_copy, Path.GetFileName(file)));
            }
        }

        private static JsonElement Read(string folder, string how = "all") =>
            JsonDocument.Parse(Python.Run("read_cut_short.py", folder, how)).RootElement;

        private static double[] Numbers(JsonElement told, string name) =>
            told.GetProperty(name).EnumerateArray().Select(number => number.GetDouble()).ToArray();
    }
}
