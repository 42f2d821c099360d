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

    /// <summary>One session with an engine.</summary>
    public sealed class StreamDitSession : IDisposable
    {
        internal StreamDitSession()
        {
        }

        public SessionStatus Status => throw new NotImplementedException();

        /// <summary>What was chosen; null before the session was opened, another one after a reconnect.</summary>
        public Opened? Opened => throw new NotImplementedException();

        /// <summary>Why it ended for good; null while it lives or tries.</summary>
        public Closed? Closed => throw new NotImplementedException();

        /// <summary>What went wrong last, to be shown to a person; null after a session was opened.</summary>
        public Exception? Error => throw new NotImplementedException();

        /// <summary>Frames for a game loop: TryTake, upload, Dispose.</summary>
        public FrameMailbox Frames => throw new NotImplementedException();

        /// <summary>The last prompt that was sent and not rejected.</summary>
        public string LastPrompt => throw new NotImplementedException();

        public Task<Opened> WaitForOpenedAsync(CancellationToken cancel = default) => throw new NotImplementedException();

        public Task<Closed> WaitForClosedAsync() => throw new NotImplementedException();

        /// <summary>Each returns the event's id, 0 once the session has ended.</summary>
        public ulong Prompt(
            string text,
            PromptTransition transition = PromptTransition.Immediate,
            int smoothFrames = 0,
            float? renoiseTo = null) => throw new NotImplementedException();

        /// <summary>All values in the world's order; the horizon frame by frame, one full state after the other.</summary>
        public ulong State(ReadOnlySpan<float> values, ReadOnlySpan<float> horizon = default) =>
            throw new NotImplementedException();

        /// <summary>One field by name, the others held.</summary>
        public ulong State(string field, float value) => throw new NotImplementedException();

        public ulong State(IReadOnlyDictionary<string, float> fields) => throw new NotImplementedException();

        public ulong Action(string name, float value = 1f) => throw new NotImplementedException();

        public ulong SourceFrame(ReadOnlySpan<byte> payload, Encoding encoding, float strength) =>
            throw new NotImplementedException();

        public ulong Pause() => throw new NotImplementedException();

        public ulong Resume() => throw new NotImplementedException();

        public ulong Reset(ulong? seed = null) => throw new NotImplementedException();

        public ulong SwitchProfile(string name) => throw new NotImplementedException();

        /// <summary>The next frame, null after the last. In Lockstep the one before it is acknowledged by this call.</summary>
        public ValueTask<FrameSlot?> NextFrameAsync(CancellationToken cancel = default) =>
            throw new NotImplementedException();

        /// <summary>What the engine had to say; the last 64, older ones fall out.</summary>
        public bool TryTakeNews(out News? news) => throw new NotImplementedException();

        /// <summary>Which frame first obeyed which event; the last 256, older ones fall out.</summary>
        public bool TryTakeApplied(out EventApplied applied) => throw new NotImplementedException();

        public SessionStats Stats() => throw new NotImplementedException();

        /// <summary>Ends the session; waits for the engine's word for a second at most. Returns why it ended.</summary>
        public Task<Closed> CloseAsync(string detail = "") => throw new NotImplementedException();

        /// <summary>Cuts the session at once, without waiting.</summary>
        public void Dispose() => throw new NotImplementedException();
    }
}
