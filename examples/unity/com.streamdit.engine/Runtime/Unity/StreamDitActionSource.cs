#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using UnityEngine;

namespace StreamDit.Unity
{
    /// <summary>One action of the world and the key that holds it.</summary>
    [Serializable]
    public sealed class ActionBinding : ISerializationCallbackReceiver
    {
        [Tooltip("An action of the world, e.g. jump.")]
        public string action = "";

        public KeyCode key;

        [Tooltip("What an axis is while the key is down; a button is 1.")]
        public float value = 1;

        // Where the inspector adds an element no initializer runs and all is zero, this too.
        [SerializeField] [HideInInspector] private bool initialized = true;

        void ISerializationCallbackReceiver.OnBeforeSerialize()
        {
        }

        void ISerializationCallbackReceiver.OnAfterDeserialize()
        {
            value = initialized ? value : 1;
            initialized = true;
        }
    }

    /// <summary>
    /// Sends which of the world's actions are held: by keys, or by <see cref="Hold"/> from whatever input system the
    /// project uses. At the world's frame rate and only when something changed; a press shorter than a frame counts for
    /// one, and of actions that exclude each other the one pressed last is held. Several keys may hold one action. Disabled,
    /// it lets go of all.
    /// </summary>
    [AddComponentMenu("StreamDiT/StreamDiT Action Source")]
    public sealed class StreamDitActionSource : MonoBehaviour
    {
        [Tooltip("Empty: the session on this object or above it.")]
        [SerializeField] private StreamDitBehaviour? source;

        [Tooltip("Empty: the keys that the world proposes.")]
        [SerializeField] private List<ActionBinding> bindings = new List<ActionBinding>();

        // A holder of an action each; the game's code is one of every action, before them.
        private readonly List<(KeyCode Key, int Action, float Value)> _keys = new List<(KeyCode, int, float)>();
        private Opened? _resolvedFor;
        private HeldActions? _held;
        private float[] _sent = Array.Empty<float>();
        private SendPace _pace;
        private string _toldOf = "";

        public StreamDitBehaviour? Source
        {
            get => source;
            set => source = value;
        }

        /// <summary>After a change at run time call <see cref="Rebind"/>.</summary>
        public List<ActionBinding> Bindings => bindings;

        /// <summary>The set that was sent last, in the world's order; empty before there was one.</summary>
        public ReadOnlySpan<float> Values => _sent;

        /// <summary>Looks the bindings up again; a key that is down is held at the next turn, what code holds is let go of.</summary>
        public void Rebind()
        {
            _resolvedFor = null;
            _held = null;
        }

        /// <summary>Holds an action, or lets go of it with 0; before the session was opened it does nothing.</summary>
        /// <exception cref="ArgumentException">The world has no such action; the message lists those it has.</exception>
        public void Hold(string action, float value = 1f)
        {
            if (source == null || source.Opened == null || !Resolved(source.Opened))
            {
                return;
            }

            int index = IndexOf(source.Opened.World, action);
            if (index < 0)
            {
                string known = string.Join(", ", source.Opened.World.Actions.Select(one => one.Name));
                throw new ArgumentException(
                    $"action '{action}' is unknown, world '{source.Opened.World.Name}' has: {known}");
            }

            _held!.Hold(index, value);
        }

        private void Start()
        {
            if (source == null)
            {
                source = GetComponentInParent<StreamDitBehaviour>();
            }

            if (source == null)
            {
                Debug.LogWarning($"StreamDiT: the action source '{name}' has no session; fill in 'Source'.", this);
            }
        }

        private void Update()
        {
            if (source == null || source.Opened == null || !Resolved(source.Opened))
            {
                return;
            }

            for (int index = 0; index < _keys.Count; index++)
            {
                (KeyCode key, _, float value) = _keys[index];
                int holder = source.Opened.World.Actions.Count + index;
                bool held = KeyInput.IsHeld(key);
                if (held || KeyInput.WasPressed(key))
                {
                    _held!.Hold(holder, value);
                }

                if (!held)
                {
                    _held!.Hold(holder, 0f); // a tap counts for one set
                }
            }
        }

        // A key that goes up while another window has the keyboard is never told.
        private void OnApplicationFocus(bool focused)
        {
            if (!focused)
            {
                _held?.LetGoOfAll();
            }
        }

        // Nobody would hear a key go up any more.
        private void OnDisable()
        {
            _held?.LetGoOfAll();
            if (source == null || !source.IsPlaying || source.Opened == null || _held == null
                || !ReferenceEquals(_resolvedFor, source.Opened) || _sent.Length == 0 || float.IsNaN(_sent[0]))
            {
                return;
            }

            _held.Take(); // what was only tapped is forgotten
            Say(source, _held.Take());
        }

        private void LateUpdate()
        {
            if (source == null || !source.IsPlaying || source.Opened == null || !Resolved(source.Opened))
            {
                return;
            }

            double nowS = Time.unscaledTimeAsDouble;
            if (!_pace.IsDue(nowS))
            {
                return;
            }

            if (Say(source, _held!.Take()))
            {
                _pace.Sent(nowS, source.Opened.World.Fps);
            }
        }

        /// <summary>false: it was said already.</summary>
        private bool Say(StreamDitBehaviour session, ReadOnlySpan<float> set)
        {
            if (set.SequenceEqual(_sent))
            {
                return false;
            }

            session.Actions(set);
            set.CopyTo(_sent);
            return true;
        }

        /// <summary>Whether the world takes actions; what its keys are is looked up once a session.</summary>
        private bool Resolved(Opened opened)
        {
            if (!ReferenceEquals(_resolvedFor, opened))
            {
                _resolvedFor = opened;
                if (_held != null && _held.Fits(opened.World))
                {
                    Array.Fill(_sent, float.NaN); // another session of the same world: all is said again
                }
                else
                {
                    Resolve(source!, opened.World);
                }
            }

            return _held != null;
        }

        private void Resolve(StreamDitBehaviour session, WorldInfo world)
        {
            _keys.Clear();
            _held = null;
            if (world.Actions.Count == 0)
            {
                if (_toldOf != world.Name) // once, also when the session is opened again
                {
                    _toldOf = world.Name;
                    session.Report($"World '{world.Name}' takes no actions: the action source '{name}' has nothing to say.");
                }

                return;
            }

            _sent = Enumerable.Repeat(float.NaN, world.Actions.Count).ToArray();
            for (int action = 0; action < world.Actions.Count && bindings.Count == 0; action++)
            {
                ActionInfo info = world.Actions[action];
                KeyCode key = KeyNames.Of(info.DefaultKey);
                _keys.Add((key, action, info.Max));
                if (key == KeyCode.None && info.DefaultKey.Length > 0)
                {
                    session.Report($"Action '{info.Name}' of world '{world.Name}' is for the key '{info.DefaultKey}', which has"
                        + $" no such name here: bind it in the inspector of '{name}'.");
                }
            }

            foreach (ActionBinding binding in bindings)
            {
                int index = IndexOf(world, binding.action);
                if (index >= 0)
                {
                    if (binding.value == 0f)
                    {
                        session.Report($"Action '{binding.action}' in the inspector of '{name}' has value 0: its key"
                            + $" '{binding.key}' does nothing.");
                    }

                    _keys.Add((binding.key, index, binding.value));
                    continue;
                }

                session.Report(Advice.ForUnknownName(
                    "Action",
                    binding.action,
                    $"in the inspector of '{name}'",
                    world.Actions.Select(action => action.Name).ToList(),
                    $"world '{world.Name}'"));
            }

            _keys.RemoveAll(one => one.Key == KeyCode.None);
            foreach ((KeyCode key, int action, _) in _keys)
            {
                if (!KeyInput.IsAvailable || !KeyInput.Knows(key))
                {
                    session.Report($"Action '{world.Actions[action].Name}' is for '{key}', which this project's input system does"
                        + $" not see on a keyboard: call Hold of '{name}' instead.");
                }
            }

            _held = new HeldActions(
                world, Enumerable.Range(0, world.Actions.Count).Concat(_keys.Select(one => one.Action)).ToList());
        }

        private static int IndexOf(WorldInfo world, string action)
        {
            for (int index = 0; index < world.Actions.Count; index++)
            {
                if (world.Actions[index].Name == action)
                {
                    return index;
                }
            }

            return -1;
        }
    }
}
