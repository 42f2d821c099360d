#nullable enable
using System;
using UnityEngine;
using UnityEngine.Events;

namespace StreamDit.Unity
{
    /// <summary>
    /// Plays one session for as long as this component is enabled: opens it, tells what happens through UnityEvents, and
    /// ends it when the component, play mode, the domain or the application does. Trouble goes to the console and to the
    /// editor window; the game runs on.
    /// </summary>
    [AddComponentMenu("StreamDiT/StreamDiT Session")]
    [DisallowMultipleComponent]
    public sealed class StreamDitBehaviour : MonoBehaviour
    {
        [SerializeField] private LinkSettings settings = new LinkSettings();

        [Tooltip("While the application is paused (a phone's in the background, a desktop's without Run In Background) the engine"
            + " rests too.")]
        [SerializeField] private bool pauseWithApplication = true;

        [Header("Events")]
        [Tooltip("The session is open: frames follow.")]
        [SerializeField] private UnityEvent onOpened = new UnityEvent();

        [Tooltip("A prompt is in the picture from now on; the text.")]
        [SerializeField] private UnityEvent<string> onPromptApplied = new UnityEvent<string>();

        [Tooltip("Another quality rung is in force; 0 is best.")]
        [SerializeField] private UnityEvent<int> onRungChanged = new UnityEvent<int>();

        [Tooltip("Something for a person to read, each text once.")]
        [SerializeField] private UnityEvent<string> onTrouble = new UnityEvent<string>();

        [Tooltip("The session is over for good; why.")]
        [SerializeField] private UnityEvent<string> onClosed = new UnityEvent<string>();

        private bool _paused; // by the game
        private bool _applicationPaused;

        public LinkSettings Settings => settings;

        /// <summary>Whether the engine rests while the application is paused, and nobody sees its frames.</summary>
        public bool PauseWithApplication
        {
            get => pauseWithApplication;
            set => pauseWithApplication = value;
        }

        public UnityEvent OnOpened => onOpened;

        public UnityEvent<string> OnPromptApplied => onPromptApplied;

        public UnityEvent<int> OnRungChanged => onRungChanged;

        public UnityEvent<string> OnTrouble => onTrouble;

        public UnityEvent<string> OnClosed => onClosed;

        /// <summary>null before the component was enabled.</summary>
        public EngineLink? Link { get; private set; }

        /// <summary>The session itself, for all that has no method here; null while there is none.</summary>
        public StreamDitSession? Session => Link?.Session;

        /// <summary>What was chosen; null before the session was opened.</summary>
        public Opened? Opened => Link?.Opened;

        public bool IsPlaying => Link != null && Link.IsPlaying;

        /// <summary>What the world should be from now on; also from a UnityEvent, e.g. of an input field.</summary>
        public void Prompt(string text)
        {
            if (Link != null)
            {
                Link.Prompt(text);
            }
            else
            {
                settings.prompt = text;
            }
        }

        /// <summary>No more frames until <see cref="Resume"/>; the session stays. Before it is open nothing happens.</summary>
        public void Pause()
        {
            if (IsPlaying)
            {
                _paused = true;
                Session!.Pause();
            }
        }

        /// <summary>Goes on after <see cref="Pause"/>.</summary>
        public void Resume()
        {
            _paused = false;
            if (IsPlaying && !_applicationPaused)
            {
                Session!.Resume();
            }
        }

        /// <summary>The world starts again from noise, with the session's own seed.</summary>
        public void Restart()
        {
            if (IsPlaying)
            {
                Session!.Reset();
            }
        }

        /// <summary>Another point on the latency dial, e.g. responsive; before the session is open it becomes the wish of the next.</summary>
        public void SwitchProfile(string profile)
        {
            if (IsPlaying)
            {
                Session!.SwitchProfile(profile);
            }
            else
            {
                settings.profile = profile;
            }
        }

        /// <summary>Ends the session, if there is one, and opens another.</summary>
        public void Reopen()
        {
            enabled = false;
            enabled = true;
        }

        /// <summary>What is happening now, in the world's order; and what the game expects at the next frames.</summary>
        public void State(ReadOnlySpan<float> values, ReadOnlySpan<float> horizon = default)
        {
            if (IsPlaying)
            {
                Session!.State(values, horizon);
            }
        }

        /// <summary>All that is held from now on: one value per action, in the world's order.</summary>
        public void Actions(ReadOnlySpan<float> values)
        {
            if (IsPlaying)
            {
                Session!.Actions(values);
            }
        }

        /// <summary>The newest frame goes into the texture; true if there was one.</summary>
        public bool RefreshPicture() => Link != null && Link.RefreshPicture();

        /// <summary>A message of another component, to the console and the editor window; each text once.</summary>
        public void Report(string trouble) => Link?.Report(trouble);

        private void OnEnable()
        {
            Link?.Dispose();
            (_paused, _applicationPaused) = (false, false);
            Link = new EngineLink(settings);
            Link.WasOpened += _ =>
            {
                _paused = false; // another session, or the same over another connection, plays
                onOpened.Invoke();
            };
            Link.PromptApplied += onPromptApplied.Invoke;
            Link.RungChanged += onRungChanged.Invoke;
            Link.TroubleCame += Tell;
            Link.WasClosed += closed => onClosed.Invoke(Advice.ForClosed(closed));
            Link.Open();
        }

        private void Update() => Link?.Poll(Time.unscaledTimeAsDouble);

        // Update stands still from here on, and the reader's thread would go on giving the engine credit.
        private void OnApplicationPause(bool paused)
        {
            if (!pauseWithApplication || paused == _applicationPaused)
            {
                return;
            }

            _applicationPaused = paused;
            if (!IsPlaying || _paused)
            {
                return;
            }

            if (paused)
            {
                Session!.Pause();
            }
            else
            {
                Session!.Resume();
            }
        }

        // A scene that changes must not stand still for it: the engine is told in the background.
        private void OnDisable() => Link?.CloseInBackground("component disabled");

        private void OnDestroy() => Link?.Dispose();

        private void Tell(string trouble)
        {
            Debug.LogWarning("StreamDiT: " + trouble, this);
            onTrouble.Invoke(trouble);
        }
    }
}
