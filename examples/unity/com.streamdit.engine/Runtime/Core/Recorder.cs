#nullable enable
using System;

namespace StreamDit
{
    /// <summary>Placeholder until written.</summary>
    public sealed class Recorder : IDisposable
    {
        internal Recorder(string folder, Opened opened, string prompt, System.Action finished)
        {
        }

        internal void Prompt(ulong eventId, string text, PromptTransition transition)
        {
        }

        internal void State(ulong eventId, ReadOnlySpan<float> values)
        {
        }

        internal void Frame(FrameSlot frame)
        {
        }

        internal void Forget(ulong eventId)
        {
        }

        public void Dispose()
        {
        }
    }
}
