#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace StreamDit
{
    /// <summary>
    /// Writes a recording, a folder that the Python SDK reads: video.mp4, events.jsonl and session.json. What is written
    /// stays readable whenever the process ends. From StreamDitSession.StartRecording; dispose it to finish.
    /// </summary>
    /// <remarks>
    /// There is no H.264 encoder here: frames are kept as they came, Motion JPEG or raw RGB24 in the same container.
    /// An event is on disk before the first frame that obeys it. Frames that were lost are noted as a `gap`, and take
    /// their time in the video too. session.json is there from the start, and says whether the recording was finished.
    /// </remarks>
    public sealed class Recorder : IDisposable
    {
        private const double LeastFps = 0.01, MostFps = 1000.0; // what the Python SDK's takes
        private const int MostSide = ushort.MaxValue; // pixels; 16 bits in the file
        private const int MaxWaitingEvents = 1024; // not obeyed yet; the oldest falls out

        private readonly object _lock = new object();
        private readonly Opened _opened;
        private readonly Action _finished;
        private readonly FileStream _events;
        private readonly FrameFile _video;
        private readonly Queue<(ulong EventId, string Type, string Data)> _waiting =
            new Queue<(ulong, string, string)>();

        private string _held = ""; // the set written last; "": none is in force
        private long _lastSlot = -1; // frame periods of the engine's media time
        private long _numLost; // frames, in gaps so far
        private bool _done;

        internal Recorder(string folder, Opened opened, Action finished)
        {
            Folder = folder;
            _opened = opened;
            _finished = finished;
            Check();
            try
            {
                Directory.CreateDirectory(folder);
                _events = new FileStream(Path.Combine(folder, "events.jsonl"), FileMode.Create, FileAccess.Write);
                _video = new FrameFile(Path.Combine(folder, "video.mp4"), opened.World, opened.Encoding);
                WriteSession(finished: false);
            }
            catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
            {
                _events?.Dispose();
                _video?.Dispose();
                throw new RecordingException(folder, $"cannot be written: {error.Message}", error);
            }
        }

        public string Folder { get; }

        public int NumFrames { get; private set; }

        /// <summary>Why it stopped by itself, e.g. a full disk; the session went on without it. null while it writes.</summary>
        public RecordingException? Error { get; private set; }

        /// <summary>Writes session.json once more, atomically: the recording is then whole.</summary>
        /// <exception cref="RecordingException">It cannot be written, or stopped before.</exception>
        public void Finish()
        {
            _finished();
            lock (_lock)
            {
                if (_done)
                {
                    return;
                }

                _done = true;
                try
                {
                    using (_events)
                    using (_video)
                    {
                    }

                    if (Error == null)
                    {
                        WriteSession(finished: true);
                    }
                }
                catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
                {
                    Error = new RecordingException(Folder, $"cannot be written: {error.Message}", error);
                }
            }

            if (Error != null)
            {
                throw Error;
            }
        }

        /// <summary>As Finish, but what went wrong is only left in Error.</summary>
        public void Dispose()
        {
            try
            {
                Finish();
            }
            catch (RecordingException)
            {
                // Error holds it.
            }
        }

        /// <summary>What is in force as it begins; what is open is not written.</summary>
        /// <exception cref="RecordingException">It cannot be written; it is closed then.</exception>
        internal void Begin(string prompt, HeldState state, float[]? actions)
        {
            try
            {
                WriteInForce(prompt, state, actions);
            }
            catch (IOException error)
            {
                Error = new RecordingException(Folder, $"cannot be written: {error.Message}", error);
                Finish();
            }
        }

        private void WriteInForce(string prompt, HeldState state, float[]? actions)
        {
            if (prompt.Length > 0)
            {
                WriteEvent("prompt", $"\"text\": {Json.Text(prompt)}");
            }

            if (!state.IsOpen)
            {
                WriteEvent("state", Of(state.Values, state.Fields));
            }

            if (actions != null)
            {
                WriteEvent("actions", Of(actions));
            }
        }

        internal void Prompt(ulong eventId, string text, PromptTransition transition)
        {
            string how = transition == PromptTransition.Immediate
                ? ""
                : $", \"transition\": \"{WireWord.Of(transition).ToLowerInvariant()}\"";
            Later(eventId, "prompt", $"\"text\": {Json.Text(text)}{how}");
        }

        internal void State(ulong eventId, ReadOnlySpan<float> values, IReadOnlyList<string>? fields) =>
            Later(eventId, "state", Of(values, fields));

        internal void Actions(ulong eventId, ReadOnlySpan<float> values) => Later(eventId, "actions", Of(values));

        internal void Release(ulong eventId, IReadOnlyList<Steering> steering)
        {
            IEnumerable<string> names = steering.Select(one => Json.Text(one.ToString().ToLowerInvariant()));
            Later(eventId, "release", $"\"steering\": [{string.Join(", ", names)}]");
        }

        private static string Of(ReadOnlySpan<float> values, IReadOnlyList<string>? fields)
        {
            string carried = fields == null ? "" : $", \"fields\": [{string.Join(", ", fields.Select(Json.Text))}]";
            return $"\"values\": {Json.Numbers(values)}{carried}";
        }

        private string Of(ReadOnlySpan<float> actions)
        {
            var held = new List<string>();
            for (int index = 0; index < actions.Length; index++)
            {
                if (actions[index] != 0f)
                {
                    held.Add($"{Json.Text(_opened.World.Actions[index].Name)}: {Json.Number(actions[index])}");
                }
            }

            return $"\"held\": {{{string.Join(", ", held)}}}";
        }

        /// <summary>An event was refused: no frame obeys it.</summary>
        internal void Forget(ulong eventId)
        {
            lock (_lock)
            {
                for (int count = _waiting.Count; count > 0; count--)
                {
                    (ulong EventId, string Type, string Data) waiting = _waiting.Dequeue();
                    if (waiting.EventId != eventId)
                    {
                        _waiting.Enqueue(waiting);
                    }
                }
            }
        }

        internal void Frame(FrameSlot frame)
        {
            lock (_lock)
            {
                if (_done || Error != null)
                {
                    return;
                }

                try
                {
                    Write(frame);
                }
                catch (IOException error)
                {
                    Error = new RecordingException(Folder, $"frame {NumFrames} cannot be written: {error.Message}", error);
                }
            }
        }

        private void Write(FrameSlot frame)
        {
            // By media time: another world, after the engine lost one, begins at 0 again and leaves no gap.
            long slot = (long)Math.Round(frame.PtsUs * _opened.World.Fps / 1e6);
            if (NumFrames > 0 && slot > _lastSlot + 1)
            {
                long lost = slot - _lastSlot - 1;
                WriteEvent("gap", $"\"num_frames\": {lost}");
                _numLost += lost;
            }

            _lastSlot = slot;
            while (_waiting.Count > 0 && _waiting.Peek().EventId <= frame.LastEventId)
            {
                (_, string type, string data) = _waiting.Dequeue();
                WriteEvent(type, data);
            }

            _video.Add(frame, NumFrames + _numLost);
            NumFrames++;
        }

        private void Later(ulong eventId, string type, string data)
        {
            lock (_lock)
            {
                _waiting.Enqueue((eventId, type, data));
                if (_waiting.Count > MaxWaitingEvents)
                {
                    _waiting.Dequeue();
                }
            }
        }

        private void WriteEvent(string type, string data)
        {
            if (type == "actions" && data == _held)
            {
                return; // a set stands there only where it changes
            }

            if (type == "actions")
            {
                _held = data;
            }
            else if (type == "release" && data.Contains("\"actions\""))
            {
                _held = "";
            }

            long timeUs = (long)Math.Round((NumFrames + _numLost) * 1e6 / _opened.World.Fps);
            string line = $"{{\"frame\": {NumFrames}, \"t_us\": {timeUs}, \"type\": \"{type}\", {data}}}\n";
            _events.Write(System.Text.Encoding.UTF8.GetBytes(line));
            _events.Flush(); // the system's from here on, and outlives this process
        }

        private void Check()
        {
            string session = Path.Combine(Folder, "session.json");
            try
            {
                if (File.Exists(session))
                {
                    string what = File.ReadAllText(session).Contains("\"finished\": false")
                        ? "a recording that was cut short"
                        : "a finished recording";
                    throw new RecordingException(Folder, $"holds {what} already");
                }
            }
            catch (Exception error) when (error is IOException || error is UnauthorizedAccessException)
            {
                throw new RecordingException(session, $"cannot be read: {error.Message}", error);
            }

            WorldInfo world = _opened.World;
            if (!(world.Fps >= LeastFps && world.Fps <= MostFps))
            {
                throw new RecordingException(
                    Folder, FormattableString.Invariant($"fps is {world.Fps}, expected {LeastFps}..{MostFps}"));
            }

            if (world.Width < 1 || world.Height < 1 || world.Width > MostSide || world.Height > MostSide)
            {
                throw new RecordingException(Folder, $"the size is {world.Width}x{world.Height}, expected 1..{MostSide}");
            }
        }

        private void WriteSession(bool finished)
        {
            string path = Path.Combine(Folder, "session.json");
            string unfinished = path + ".tmp";
            File.WriteAllText(unfinished, SessionJson(finished));
            if (File.Exists(path))
            {
                File.Replace(unfinished, path, null); // at once: there is never none
            }
            else
            {
                File.Move(unfinished, path);
            }
        }

        private string SessionJson(bool finished)
        {
            WorldInfo world = _opened.World;
            IEnumerable<string> fields = world.StateFields.Select(field =>
                $"{{\"name\": {Json.Text(field.Name)}, \"min\": {Json.Number(field.Min)}, "
                + $"\"max\": {Json.Number(field.Max)}, \"periodic\": {(field.Periodic ? "true" : "false")}, "
                + $"\"initial\": {Json.Number(field.Initial)}}}");
            IEnumerable<string> actions = world.Actions.Select(action =>
                $"{{\"name\": {Json.Text(action.Name)}, \"kind\": \"{action.Kind.ToString().ToUpperInvariant()}\", "
                + $"\"min\": {Json.Number(action.Min)}, \"max\": {Json.Number(action.Max)}, "
                + $"\"group\": {Json.Text(action.Group)}, \"default_key\": {Json.Text(action.DefaultKey)}, "
                + $"\"description\": {Json.Text(action.Description)}}}");
            string lossless = _opened.Encoding == Encoding.Rgb24 ? "true" : "false";
            return "{\n"
                + "  \"format\": 1,\n"
                + $"  \"sdk_version\": {Json.Text(Version.Sdk)},\n"
                + $"  \"world\": {Json.Text(world.Name)},\n"
                + $"  \"fps\": {world.Fps.ToString("R", CultureInfo.InvariantCulture)},\n"
                + $"  \"width\": {world.Width},\n"
                + $"  \"height\": {world.Height},\n"
                + $"  \"lossless\": {lossless},\n"
                + "  \"media_time\": true,\n"
                + $"  \"state_fields\": [{string.Join(", ", fields)}],\n"
                + $"  \"actions\": [{string.Join(", ", actions)}],\n"
                + "  \"labels\": {},\n"
                + "  \"split\": \"\",\n"
                + $"  \"metadata\": {{\"sdk\": \"{Version.SdkName}\", \"profile\": {Json.Text(_opened.Profile)}, "
                + $"\"seed\": {_opened.Seed}}},\n"
                + (finished ? $"  \"num_frames\": {NumFrames},\n  \"num_lost\": {_numLost},\n" : "")
                + $"  \"finished\": {(finished ? "true" : "false")}\n"
                + "}\n";
        }
    }
}
