#nullable enable
using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace StreamDit
{
    /// <summary>Where a session stands.</summary>
    public enum SessionStatus
    {
        Connecting,
        Playing,
        Reconnecting,
        Closed,
    }

    /// <summary>
    /// One session with an engine: say what is happening, look at frames, await the end and its reason. Any thread may
    /// call; nothing but the methods called Async waits, and nothing throws because the session has ended.
    /// </summary>
    /// <remarks>
    /// A broken connection is made again after 0.5, 1, 2, 4, 4 ... s: the engine goes on with the session if it still
    /// keeps it, and opens another one with the last prompt, state, actions and profile if not. What is said meanwhile
    /// waits: of prompts, states and actions the newest (of actions also what a press would be lost without), of commands
    /// 16, of source frames 8. Event ids rise all along.
    /// </remarks>
    public sealed class StreamDitSession : IDisposable
    {
        private readonly SessionLife _life;
        private ulong _heldFrameId; // Lockstep: given out and not yet acknowledged
        private long _heldReceivedUs;

        internal StreamDitSession(StreamDitClient client, Opening opening)
        {
            _life = new SessionLife(client, opening);
        }

        internal SessionLife Life => _life;

        public SessionStatus Status => _life.Status;

        /// <summary>What was chosen; null before the session was opened, another one after each reconnect.</summary>
        public Opened? Opened => _life.Opened;

        /// <summary>Why it ended for good; null while it lives or tries.</summary>
        public Closed? Closed => _life.Closed;

        /// <summary>What went wrong last, to be shown to a person; null once a session was opened.</summary>
        public Exception? Error => _life.Error;

        /// <summary>
        /// Frames for a game loop: TryTake, upload, Dispose. With Delivery.Latest it holds one, the latest; else see
        /// NextFrameAsync.
        /// </summary>
        public FrameMailbox Frames => _life.Frames;

        /// <summary>The last prompt that was sent and not rejected.</summary>
        public string LastPrompt => _life.Meter.NewestPrompt;

        /// <summary>Of the wait: Options.TimeoutS.</summary>
        /// <exception cref="RejectedException">The engine refused; names reason, field and value.</exception>
        /// <exception cref="ConnectionFailedException">None answered in time.</exception>
        /// <exception cref="ArgumentException">The opening state has a field that the world does not have.</exception>
        public Task<Opened> WaitForOpenedAsync(CancellationToken cancel = default) => _life.WaitForOpenedAsync(cancel);

        /// <summary>Returns once the session has ended, by whichever side, and nothing of it runs any more.</summary>
        public Task<Closed> WaitForClosedAsync() => _life.WaitForClosedAsync();

        // ---------------------------------------------------------------------------------------------------- events
        // Each returns the event's id; frames whose LastEventId reaches it obey it. 0 once the session has ended.

        /// <summary>What the world should be.</summary>
        /// <param name="smoothFrames">Smooth: how many frames it takes; 0: one second.</param>
        /// <param name="renoiseTo">Fast: the noise level, 0..1, that what is in flight goes back to; null: 1.</param>
        /// <exception cref="ArgumentException">A number that no engine would take.</exception>
        public ulong Prompt(
            string text,
            PromptTransition transition = PromptTransition.Immediate,
            int smoothFrames = 0,
            float? renoiseTo = null)
        {
            if (smoothFrames < 0)
            {
                throw new ArgumentException($"smoothFrames is {smoothFrames}, expected at least 0");
            }

            if (renoiseTo is float level && !(level >= 0f && level <= 1f))
            {
                throw new ArgumentException($"renoiseTo is {level}, expected 0..1");
            }

            Outgoing prompt = _life.Outbox.Rent(OutgoingKind.Prompt);
            prompt.Text = text;
            prompt.Transition = transition;
            prompt.SmoothFrames = smoothFrames;
            prompt.RenoiseTo = renoiseTo;
            return _life.Send(prompt);
        }

        /// <summary>What is happening: all values in the world's order.</summary>
        /// <param name="horizon">
        /// What you expect at the next frames, one full state after the other; leave it out to hold this one.
        /// </param>
        /// <exception cref="ArgumentException">A wrong number of values, or one that is not finite.</exception>
        public ulong State(ReadOnlySpan<float> values, ReadOnlySpan<float> horizon = default) =>
            _life.SendState(values, horizon);

        /// <summary>One field by name, the others held.</summary>
        /// <exception cref="ArgumentException">The world does not have it, or the value is not finite.</exception>
        /// <exception cref="StreamDitException">The session is not open yet, so that its fields are not known.</exception>
        public ulong State(string field, float value) => _life.SendState(held => held.Set(field, value));

        /// <summary>Some fields by name, the others held.</summary>
        /// <exception cref="ArgumentException">The world does not have one, or a value is not finite.</exception>
        /// <exception cref="StreamDitException">The session is not open yet, so that its fields are not known.</exception>
        public ulong State(IReadOnlyDictionary<string, float> fields) => _life.SendState(held => held.Set(fields));

        /// <summary>
        /// Some fields, `values` in their order; the others are held, or stay open where the world can leave its state
        /// open and nobody has said them.
        /// </summary>
        /// <exception cref="ArgumentException">
        /// A field the world does not have or that is there twice, a wrong number of values, one that is not finite.
        /// </exception>
        /// <exception cref="StreamDitException">The session is not open yet, so that its fields are not known.</exception>
        public ulong State(IReadOnlyList<string> fields, ReadOnlySpan<float> values) => _life.SendState(fields, values);

        /// <summary>All that is held from now on, by name; none: nothing is held.</summary>
        /// <exception cref="ArgumentException">
        /// The world takes none of that name or none at all, a name is there twice, two exclude each other.
        /// </exception>
        /// <exception cref="StreamDitException">The session is not open yet, so that its actions are not known.</exception>
        public ulong Actions(params string[] held) => _life.SendActions(world => ActionSet.Of(world, held));

        /// <summary>All that is held from now on, values by name; what is not named is 0.</summary>
        /// <exception cref="ArgumentException">As above, or a value is out of its action's range.</exception>
        /// <exception cref="StreamDitException">The session is not open yet, so that its actions are not known.</exception>
        public ulong Actions(IReadOnlyDictionary<string, float> held) =>
            _life.SendActions(world => ActionSet.Of(world, held));

        /// <summary>All that is held from now on: one value per action, in the world's order. Allocates nothing.</summary>
        /// <param name="horizon">
        /// What you expect at the next frames, one full set after the other; leave it out to hold this one.
        /// </param>
        /// <exception cref="ArgumentException">
        /// A wrong number of values, one out of its action's range, two that exclude each other, too long a horizon.
        /// </exception>
        /// <exception cref="StreamDitException">The session is not open yet, so that its actions are not known.</exception>
        public ulong Actions(ReadOnlySpan<float> values, ReadOnlySpan<float> horizon = default) =>
            _life.SendActions(values, horizon);

        /// <summary>Un-say what was said of these: from now on it is the engine's to invent.</summary>
        /// <exception cref="ArgumentException">The world cannot leave it open, see WorldInfo.MayBeOpen.</exception>
        /// <exception cref="StreamDitException">The session is not open yet.</exception>
        public ulong Release(params Steering[] steering) => _life.Release(steering);

        /// <summary>
        /// A picture of your own, of the world's size, to be redrawn as the prompt says; one for every frame, in order.
        /// </summary>
        /// <param name="payload">A baseline JPEG, or height * width * 3 bytes, top row first; copied.</param>
        /// <param name="strength">0 gives it back, 1 keeps nothing of it.</param>
        /// <exception cref="ArgumentException">The world takes none, or the picture is of another size.</exception>
        /// <exception cref="StreamDitException">The session is not open yet.</exception>
        public ulong SourceFrame(ReadOnlySpan<byte> payload, Encoding encoding, float strength) =>
            _life.Send(Sources.Make(_life.Outbox, _life.RequireOpened().World, payload, encoding, strength));

        /// <summary>Frames stop after the current chunk; the session stays.</summary>
        public ulong Pause() => _life.Send(_life.Outbox.Rent(OutgoingKind.Pause));

        /// <summary>Go on after Pause.</summary>
        public ulong Resume() => _life.Send(_life.Outbox.Rent(OutgoingKind.Resume));

        /// <summary>
        /// The world starts again from noise, or goes on from a start; no seed means the session's own.
        /// </summary>
        /// <exception cref="ArgumentException">The world has no such start clip, or the frames do not fit it.</exception>
        /// <exception cref="StreamDitException">With a start: the session is not open yet.</exception>
        public ulong Reset(ulong? seed = null, Start? start = null)
        {
            Start? fitting = start == null ? null : _life.Fitting(start);
            Outgoing reset = _life.Outbox.Rent(OutgoingKind.Reset);
            reset.Seed = seed;
            reset.Start = fitting;
            return _life.Send(reset);
        }

        /// <summary>Another point on the latency dial; the frames in flight go along. Kept over reconnects.</summary>
        public ulong SwitchProfile(string name)
        {
            Outgoing profile = _life.Outbox.Rent(OutgoingKind.SwitchProfile);
            profile.Text = name;
            _life.ProfileWish = name;
            return _life.Send(profile);
        }

        // ---------------------------------------------------------------------------------------------------- frames

        /// <summary>
        /// The next frame, null after the last; dispose it. For one reader. In Lockstep this acknowledges the frame
        /// before, so what was said in between reaches the next chunk.
        /// </summary>
        public async ValueTask<FrameSlot?> NextFrameAsync(CancellationToken cancel = default)
        {
            if (_heldFrameId != 0)
            {
                _life.Acknowledge(_heldFrameId, _heldReceivedUs);
                _heldFrameId = 0;
            }

            FrameSlot? frame = await Frames.TakeAsync(cancel).ConfigureAwait(false);
            if (frame == null)
            {
                await WaitForClosedAsync().ConfigureAwait(false);
                return null;
            }

            if (_life.Delivery == Delivery.Lockstep)
            {
                (_heldFrameId, _heldReceivedUs) = (frame.FrameId, frame.ReceivedTimeUs);
            }

            _life.FrameTaken();
            return frame;
        }

        // -------------------------------------------------------------------------------------------------- readings

        /// <summary>How often a new world had to begin, because the engine had not kept the one before; each time a
        /// <see cref="Notice"/> WORLD_LOST says so.</summary>
        public int WorldsLost => _life.WorldsLost;

        /// <summary>What the engine had to say; the last 64, older ones fall out.</summary>
        public bool TryTakeNews(out News? news) => _life.News.TryTake(out news);

        /// <summary>Which frame first obeyed which event; the last 256, older ones fall out.</summary>
        public bool TryTakeApplied(out EventApplied applied) => _life.EventsApplied.TryTake(out applied);

        /// <summary>
        /// What steers it now: what it was opened with and what was said since, without what was released. Empty before it is open.
        /// </summary>
        public IReadOnlyList<Steering> SteeredBy => _life.SteeredBy;

        /// <summary>What was measured so far: pace, jitter, latency, drops, rung.</summary>
        public SessionStats Stats() => _life.Meter.Reading(Frames.NumReplaced);

        /// <summary>
        /// Writes every frame as it comes in, and what was said before it, into a folder that the Python SDK reads;
        /// finish it before or after the session's end.
        /// </summary>
        /// <exception cref="RecordingException">The folder holds a recording already, or cannot be written.</exception>
        /// <exception cref="StreamDitException">The session is not open yet.</exception>
        public Recorder StartRecording(string folder) => _life.StartRecording(folder);

        // --------------------------------------------------------------------------------------------------- the end

        /// <summary>
        /// Ends the session and waits for the engine's word for a second at most. Returns why it ended, also if it had.
        /// </summary>
        /// <param name="detail">For the engine's log.</param>
        public Task<Closed> CloseAsync(string detail = "") => _life.CloseAsync(detail);

        /// <summary>Cuts the session at once, without waiting: for a game that is being quit.</summary>
        public void Dispose() => _life.Cut("disposed");
    }
}
