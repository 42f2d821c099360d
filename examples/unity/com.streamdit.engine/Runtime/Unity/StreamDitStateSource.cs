#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using UnityEngine;

namespace StreamDit.Unity
{
    /// <summary>One state field of the world and where its value comes from.</summary>
    [Serializable]
    public sealed class StateBinding : ISerializationCallbackReceiver
    {
        [Tooltip("A state field of the world, e.g. x.")]
        public string field = "";

        public Component? component;

        [Tooltip("A public property or field of the component, e.g. Speed or position.x.")]
        public string member = "";

        [Tooltip("The world's value is member * scale + offset: from the game's units to the world's.")]
        public float scale = 1;

        public float offset;

        // Where the inspector adds an element no initializer runs and all is zero, this too.
        [SerializeField] [HideInInspector] private bool initialized = true;

        void ISerializationCallbackReceiver.OnBeforeSerialize()
        {
        }

        void ISerializationCallbackReceiver.OnAfterDeserialize()
        {
            scale = initialized ? scale : 1;
            initialized = true;
        }
    }

    /// <summary>Says what the game expects at the next frames, which the engine then need not guess.</summary>
    public interface IStateHorizon
    {
        /// <summary>Writes the coming states frame by frame, each with one value per field in the world's order.</summary>
        /// <param name="steps">Room for as many frames as the engine takes.</param>
        /// <returns>How many frames were written.</returns>
        int WriteHorizon(WorldInfo world, Span<float> steps);
    }

    /// <summary>
    /// Reads the bound members and sends them as the world's state, at the world's frame rate and only when something
    /// changed. Fields that are bound to nothing keep the world's resting value.
    /// </summary>
    [AddComponentMenu("StreamDiT/StreamDiT State Source")]
    public sealed class StreamDitStateSource : MonoBehaviour
    {
        // The engine takes longer horizons; a second at 16 fps is further ahead than frames in flight are.
        private const int MaxFramesAhead = 16;

        [Tooltip("Empty: the session on this object or above it.")]
        [SerializeField] private StreamDitBehaviour? source;

        [SerializeField] private List<StateBinding> bindings = new List<StateBinding>();

        private readonly List<Reading> _readings = new List<Reading>();
        private Opened? _resolvedFor;
        private float[] _values = Array.Empty<float>();
        private float[] _sent = Array.Empty<float>();
        private float[] _horizon = Array.Empty<float>();
        private SendPace _pace;
        private bool _toldOfHorizon;

        public StreamDitBehaviour? Source
        {
            get => source;
            set => source = value;
        }

        /// <summary>After a change at run time call <see cref="Rebind"/>.</summary>
        public List<StateBinding> Bindings => bindings;

        /// <summary>null: the engine holds or extrapolates the last state by itself.</summary>
        public IStateHorizon? Horizon { get; set; }

        /// <summary>The values as they would be sent now, in the world's order; empty before the session was opened.</summary>
        public ReadOnlySpan<float> Values => _values;

        /// <summary>Looks the bindings up again.</summary>
        public void Rebind() => _resolvedFor = null;

        private void Start()
        {
            if (source == null)
            {
                source = GetComponentInParent<StreamDitBehaviour>();
            }

            if (source == null)
            {
                Debug.LogWarning($"StreamDiT: the state source '{name}' has no session; fill in 'Source'.", this);
            }
        }

        // After the game's own Update, so that what it did in this turn goes out in this turn.
        private void LateUpdate()
        {
            if (source == null || !source.IsPlaying || source.Opened == null)
            {
                return;
            }

            if (!ReferenceEquals(_resolvedFor, source.Opened))
            {
                Resolve(source, source.Opened);
            }

            double nowS = Time.unscaledTimeAsDouble;
            if (!_pace.IsDue(nowS))
            {
                return;
            }

            WorldInfo world = source.Opened.World;
            Read(source, world);
            int numAhead = Horizon == null ? 0 : NumAhead(source, Horizon.WriteHorizon(world, _horizon));
            if (numAhead > 0 || !_values.AsSpan().SequenceEqual(_sent))
            {
                source.State(_values, _horizon.AsSpan(0, numAhead * _values.Length));
                _values.CopyTo(_sent, 0);
                _pace.Sent(nowS, world.Fps);
            }
        }

        private int NumAhead(StreamDitBehaviour session, int written)
        {
            int room = _values.Length > 0 ? _horizon.Length / _values.Length : 0;
            if ((written < 0 || written > room) && !_toldOfHorizon)
            {
                _toldOfHorizon = true;
                session.Report($"The horizon of '{name}' says that it wrote {written} frames, there is room for {room}.");
            }

            return Math.Min(Math.Max(written, 0), room);
        }

        private void Resolve(StreamDitBehaviour session, Opened opened)
        {
            WorldInfo world = opened.World;
            int numFields = world.StateFields.Count;
            _resolvedFor = opened;
            _values = world.StateFields.Select(field => field.Initial).ToArray();
            _sent = Enumerable.Repeat(float.NaN, numFields).ToArray();
            _horizon = new float[numFields * Math.Min(MaxFramesAhead, opened.MaxHorizonFrames)];
            _readings.Clear();
            foreach (StateBinding binding in bindings)
            {
                Resolve(session, world, binding);
            }
        }

        private void Resolve(StreamDitBehaviour session, WorldInfo world, StateBinding binding)
        {
            int index = -1;
            for (int field = 0; field < world.StateFields.Count; field++)
            {
                index = world.StateFields[field].Name == binding.field ? field : index;
            }

            if (index < 0)
            {
                session.Report(Advice.ForUnknownName(
                    "State field",
                    binding.field,
                    $"in the inspector of '{name}'",
                    world.StateFields.Select(field => field.Name).ToList(),
                    $"world '{world.Name}'"));
                return;
            }

            if (binding.scale == 0f)
            {
                session.Report($"State field '{binding.field}' in the inspector of '{name}' has scale 0: {binding.offset} is sent"
                    + " whatever its component does.");
            }

            var reading = new Reading(index, binding);
            _readings.Add(reading);
            Bind(session, reading);
        }

        /// <summary>Looks up what it reads; a component that was destroyed or set later is bound when there is another.</summary>
        private void Bind(StreamDitBehaviour session, Reading reading)
        {
            StateBinding binding = reading.Binding;
            bool was = reading.Reader != null;
            reading.Reader = null;
            reading.Component = binding.component;
            if (binding.component == null)
            {
                session.Report(was
                    ? $"State field '{binding.field}' of '{name}': its component was destroyed, what it was last is sent on."
                    : $"State field '{binding.field}' in the inspector of '{name}' has no component to read.");
                return;
            }

            reading.Reader = MemberReader.Of(binding.component, binding.member, out string trouble);
            if (reading.Reader == null)
            {
                session.Report($"State field '{binding.field}' of '{name}': {trouble}");
            }
        }

        private void Read(StreamDitBehaviour session, WorldInfo world)
        {
            foreach (Reading reading in _readings)
            {
                bool gone = reading.Reader != null && reading.Component == null;
                if (gone || !ReferenceEquals(reading.Component, reading.Binding.component))
                {
                    Bind(session, reading);
                }

                if (reading.Reader != null && TryRead(session, reading, reading.Reader, out float read))
                {
                    Fit(session, world, reading, read * reading.Binding.scale + reading.Binding.offset);
                }
            }
        }

        private bool TryRead(StreamDitBehaviour session, Reading reading, MemberReader reader, out float read)
        {
            try
            {
                read = reader.Read();
                return true;
            }
            catch (Exception error)
            {
                // The game's own getter; the other fields go on.
                (string field, string member) = (reading.Binding.field, reading.Binding.member);
                session.Report($"State field '{field}' of '{name}': reading '{member}' fails, {error.GetBaseException().Message}");
                read = 0;
                return false;
            }
        }

        private void Fit(StreamDitBehaviour session, WorldInfo world, Reading reading, float value)
        {
            StateField field = world.StateFields[reading.Index];
            if (!StateRange.TryFit(value, field, out float fitted) && !reading.Told)
            {
                reading.Told = true;
                session.Report(
                    $"State field '{field.Name}' of '{name}' is {value}, world '{world.Name}' takes {field.Min} to"
                    + $" {field.Max}: {fitted} is sent. Scale and offset of its binding may be wrong.");
            }

            _values[reading.Index] = fitted;
        }

        private sealed class Reading
        {
            public Reading(int index, StateBinding binding)
            {
                Index = index;
                Binding = binding;
            }

            public int Index { get; }

            public StateBinding Binding { get; }

            /// <summary>What the reader reads; destroyed, it equals null.</summary>
            public Component? Component { get; set; }

            /// <summary>null: there is nothing to read.</summary>
            public MemberReader? Reader { get; set; }

            public bool Told { get; set; }
        }
    }
}
