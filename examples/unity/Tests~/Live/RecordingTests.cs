#nullable enable
using System;
using System.IO;
using System.Threading.Tasks;
using NUnit.Framework;

namespace StreamDit.Tests
{
    /// <summary>What is recorded here, the Python SDK reads.</summary>
    public sealed class RecordingTests
    {
        private string _folder = "";

        [SetUp]
        public void MakeFolder() => _folder = Path.Combine(Path.GetTempPath(), "streamdit-" + Guid.NewGuid().ToString("N"));

        [TearDown]
        public void RemoveFolder()
        {
            if (Directory.Exists(_folder))
            {
                Directory.Delete(_folder, recursive: true);
            }
        }

        [TestCase(Encoding.Jpeg)]
        [TestCase(Encoding.Rgb24)]
        public async Task Python_reads_the_frames_the_states_and_the_prompts(Encoding encoding)
        {
            using StreamDitClient client = Engines.Shared.Client();
            string last = "";
            using (StreamDitSession session = await client.PlayAsync(Opening(encoding)))
            {
                using Recorder recorder = session.StartRecording(_folder);
                for (int count = 1; count <= 12; count++)
                {
                    using FrameSlot frame = await Until.Frame(session);
                    last = System.Convert.ToHexString(frame.Payload).ToLowerInvariant();
                    if (count == 4)
                    {
                        session.State("x", 90f);
                    }

                    if (count == 8)
                    {
                        session.Prompt("a \"fox\" in snow", PromptTransition.Smooth);
                    }
                }

                recorder.Finish();
                Assert.That(recorder.NumFrames, Is.EqualTo(12));
            }

            string payload = Path.Combine(_folder, "last.txt");
            File.WriteAllText(payload, last);
            Assert.That(Python.Run("read_recording.py", _folder, payload).Trim(), Is.EqualTo("as it was"));
        }

        [Test]
        public async Task A_folder_that_holds_a_recording_is_left_alone()
        {
            using StreamDitClient client = Engines.Shared.Client();
            using StreamDitSession session = await client.PlayAsync(Opening(Encoding.Jpeg));
            session.StartRecording(_folder).Finish();
            var error = Assert.Throws<RecordingException>(() => session.StartRecording(_folder));
            Assert.That(error!.Message, Does.Contain(_folder).And.Contain("holds a finished recording"));
        }

        private static Opening Opening(Encoding encoding) => new Opening
        {
            Prompt = "a pig in a meadow",
            State = new[] { 40f, 0f, 1f, 0f, 0f, 0f },
            Delivery = Delivery.Lockstep,
            Encodings = new[] { encoding },
            Seed = 7,
        };
    }
}
