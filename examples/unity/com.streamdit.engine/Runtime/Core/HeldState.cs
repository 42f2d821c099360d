#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;

namespace StreamDit
{
    /// <summary>The state as it was last said, in the world's order; checks what is said over it. Not thread-safe.</summary>
    /// <remarks>
    /// Of a world that may leave its state open, fields that nobody has said are not sent. What is sent carries every
    /// field that was said, so that a newer state may take the place of one that still waits.
    /// </remarks>
    internal sealed class HeldState
    {
        private readonly WorldInfo _world;
        private readonly float[] _values;
        private readonly bool[] _said;
        private float[] _carried = Array.Empty<float>();
        private string[]? _fields;

        public HeldState(WorldInfo world)
        {
            _world = world;
            _values = world.StateFields.Select(field => field.Initial).ToArray();
            _said = new bool[_values.Length];
            Unsay();
        }

        /// <summary>What was said, in the order of <see cref="Fields"/>.</summary>
        public float[] Values
        {
            get
            {
                int count = 0;
                for (int index = 0; index < _values.Length; index++)
                {
                    if (_said[index])
                    {
                        _carried[count++] = _values[index];
                    }
                }

                return _carried;
            }
        }

        /// <summary>The same moved into the fields' ranges: what lies outside was refused, and would be again.</summary>
        public float[] ValuesInRange => _world.StateFields
            .Select((field, index) => (field, index))
            .Where(each => _said[each.index])
            .Select(each => Math.Min(Math.Max(_values[each.index], each.field.Min), each.field.Max))
            .ToArray();

        /// <summary>Names of what was said; null: all fields of the world.</summary>
        public IReadOnlyList<string>? Fields => _fields;

        /// <summary>Whether every field is left open.</summary>
        public bool IsOpen => _carried.Length == 0;

        /// <summary>The same for another session's world, if that has as many fields.</summary>
        public HeldState? For(WorldInfo world)
        {
            if (world.StateFields.Count != _values.Length)
            {
                return null;
            }

            var held = new HeldState(world);
            _values.CopyTo(held._values, 0);
            if (world.CanBeOpen(Steering.State))
            {
                _said.CopyTo(held._said, 0);
            }

            held.Count();
            return held;
        }

        /// <summary>Open again where the world can leave its state open, else at rest.</summary>
        public void Unsay()
        {
            for (int index = 0; index < _values.Length; index++)
            {
                _values[index] = _world.StateFields[index].Initial;
                _said[index] = !_world.CanBeOpen(Steering.State);
            }

            Count();
        }

        /// <exception cref="ArgumentException">A wrong number of values, or one that is not finite.</exception>
        public void Set(ReadOnlySpan<float> values, ReadOnlySpan<float> horizon)
        {
            if (values.Length != _values.Length)
            {
                throw new ArgumentException(
                    $"state has {values.Length} values, world '{_world.Name}' has {_values.Length} fields: {Names()}");
            }

            if (_values.Length > 0 && horizon.Length % _values.Length != 0)
            {
                throw new ArgumentException(
                    $"horizon has {horizon.Length} values, expected a multiple of {_values.Length}: full states");
            }

            for (int index = 0; index < values.Length; index++)
            {
                Check(index, values[index]);
            }

            for (int index = 0; index < horizon.Length; index++)
            {
                Check(index % _values.Length, horizon[index]);
            }

            values.CopyTo(_values);
            if (_fields != null)
            {
                Array.Fill(_said, true);
                Count();
            }
        }

        /// <exception cref="ArgumentException">A field the world does not have, or a value that is not finite.</exception>
        public void Set(string field, float value)
        {
            int index = _world.FieldIndex(field);
            Check(index, value);
            Say(index, value);
        }

        /// <summary>All of them or none.</summary>
        /// <exception cref="ArgumentException">A field the world does not have, or a value that is not finite.</exception>
        public void Set(IReadOnlyDictionary<string, float> fields)
        {
            foreach (KeyValuePair<string, float> field in fields)
            {
                Check(_world.FieldIndex(field.Key), field.Value);
            }

            foreach (KeyValuePair<string, float> field in fields)
            {
                Say(_world.FieldIndex(field.Key), field.Value);
            }
        }

        /// <summary>Some fields by name, all of them or none. Allocates nothing once these fields have been said.</summary>
        /// <exception cref="ArgumentException">
        /// A field the world does not have or that is there twice, a wrong number of values, one that is not finite.
        /// </exception>
        public void Set(IReadOnlyList<string> fields, ReadOnlySpan<float> values)
        {
            if (values.Length != fields.Count)
            {
                throw new ArgumentException($"state has {values.Length} values for {fields.Count} fields");
            }

            for (int index = 0; index < fields.Count; index++)
            {
                Check(_world.FieldIndex(fields[index]), values[index]);
                for (int other = 0; other < index; other++)
                {
                    if (fields[other] == fields[index])
                    {
                        throw new ArgumentException($"state field '{fields[index]}' is there twice");
                    }
                }
            }

            for (int index = 0; index < fields.Count; index++)
            {
                Say(_world.FieldIndex(fields[index]), values[index]);
            }
        }

        private void Say(int index, float value)
        {
            _values[index] = value;
            if (!_said[index])
            {
                _said[index] = true;
                Count();
            }
        }

        private void Count()
        {
            int count = _said.Count(said => said);
            _carried = new float[count];
            _fields = count == _said.Length
                ? null
                : _world.StateFields.Where((_, index) => _said[index]).Select(field => field.Name).ToArray();
        }

        private void Check(int index, float value)
        {
            if (float.IsNaN(value) || float.IsInfinity(value))
            {
                throw new ArgumentException(
                    $"state field '{_world.StateFields[index].Name}' is {value}, expected a finite number");
            }
        }

        private string Names() => string.Join(", ", _world.StateFields.Select(field => field.Name));
    }
}
