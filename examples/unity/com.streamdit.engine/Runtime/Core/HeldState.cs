#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;

namespace StreamDit
{
    /// <summary>The state as it was last sent, in the world's order; checks what is said over it. Not thread-safe.</summary>
    internal sealed class HeldState
    {
        private readonly WorldInfo _world;

        public HeldState(WorldInfo world, IReadOnlyList<float>? values)
        {
            _world = world;
            Values = values?.ToArray() ?? world.StateFields.Select(field => field.Initial).ToArray();
        }

        public float[] Values { get; }

        /// <exception cref="ArgumentException">A wrong number of values, or one that is not finite.</exception>
        public void Set(ReadOnlySpan<float> values, ReadOnlySpan<float> horizon)
        {
            if (values.Length != Values.Length)
            {
                throw new ArgumentException(
                    $"state has {values.Length} values, world '{_world.Name}' has {Values.Length} fields: {Names()}");
            }

            if (horizon.Length % Values.Length != 0)
            {
                throw new ArgumentException(
                    $"horizon has {horizon.Length} values, expected a multiple of {Values.Length}: full states");
            }

            for (int index = 0; index < values.Length; index++)
            {
                Check(index, values[index]);
            }

            for (int index = 0; index < horizon.Length; index++)
            {
                Check(index % Values.Length, horizon[index]);
            }

            values.CopyTo(Values);
        }

        /// <exception cref="ArgumentException">A field the world does not have, or a value that is not finite.</exception>
        public void Set(string field, float value)
        {
            int index = _world.FieldIndex(field);
            Check(index, value);
            Values[index] = value;
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
                Values[_world.FieldIndex(field.Key)] = field.Value;
            }
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
