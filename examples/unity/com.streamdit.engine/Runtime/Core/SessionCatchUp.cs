#nullable enable
using System.Linq;

namespace StreamDit
{
    // What a resumed session says again, and un-says again; and what one says again that was silent.
    internal sealed partial class SessionLife
    {
        /// <summary>The engine went on with what it had heard; what the broken connection lost comes after that.</summary>
        private void CatchUp(Opened opened)
        {
            if (!Outbox.Holds(OutgoingKind.Prompt) && LastSaid() is string text)
            {
                Outgoing prompt = Outbox.Rent(OutgoingKind.Prompt);
                prompt.Text = text;
                prompt.Transition = PromptTransition.Immediate;
                prompt.SmoothFrames = 0;
                prompt.RenoiseTo = null;
                Send(prompt);
            }

            lock (_lock)
            {
                if (!Outbox.Holds(OutgoingKind.State) && _held != null && !_held.IsOpen)
                {
                    SendState(_held.Values, default, _held);
                }

                if (!Outbox.Holds(OutgoingKind.Actions) && _actions != null)
                {
                    SendActions(_actions.ToArray(), default);
                }

                ReleaseAgain(opened);
            }
        }

        /// <summary>The engine let go what this side holds: it was silent, and is no more.</summary>
        private void HoldAgain()
        {
            lock (_lock)
            {
                bool holds = _actions != null && _actions.Any(value => value != 0f);
                if (holds && !Outbox.Holds(OutgoingKind.Actions)) // else a newer set is about to be said
                {
                    SendActions(_actions!.ToArray(), default);
                }
            }
        }

        /// <summary>What the engine still has in force and this side has un-said.</summary>
        private void ReleaseAgain(Opened opened)
        {
            Steering[] unsaid = opened.SteeredBy
                .Where(one => one switch
                {
                    Steering.Prompt => Meter.NewestPrompt.Length == 0,
                    Steering.State => _held != null && _held.IsOpen,
                    _ => _actions == null,
                })
                .Where(opened.World.CanBeOpen)
                .ToArray();
            if (unsaid.Length > 0)
            {
                Release(unsaid);
            }
        }

        private string? LastSaid() => Meter.NewestPrompt.Length > 0 ? Meter.NewestPrompt : null;
    }
}
