#nullable enable
using System;
using System.Collections.Generic;
using Google.Protobuf.Collections;
using Wire = Streamdit.V1;

namespace StreamDit
{
    /// <summary>The `actions` message, made in the same objects again and again.</summary>
    internal sealed class ActionsMessage
    {
        private readonly List<Wire.ActionValue> _values = new List<Wire.ActionValue>();
        private readonly List<Wire.ActionsStep> _steps = new List<Wire.ActionsStep>();
        private int _numUsed;

        public Wire.Actions Message { get; } = new Wire.Actions();

        public void Fill(Outgoing outgoing)
        {
            _numUsed = 0;
            Fill(Message.Values, outgoing.Actions, outgoing.Values.AsSpan(0, outgoing.NumValues));
            Message.Horizon.Clear();
            int numSteps = outgoing.NumHorizon == 0 ? 0 : outgoing.NumHorizon / outgoing.NumValues;
            for (int step = 0; step < numSteps; step++)
            {
                if (step == _steps.Count)
                {
                    _steps.Add(new Wire.ActionsStep());
                }

                Span<float> values = outgoing.Horizon.AsSpan(step * outgoing.NumValues, outgoing.NumValues);
                Fill(_steps[step].Values, outgoing.Actions, values);
                Message.Horizon.Add(_steps[step]);
            }
        }

        private void Fill(
            RepeatedField<Wire.ActionValue> field, IReadOnlyList<ActionInfo> actions, ReadOnlySpan<float> values)
        {
            field.Clear();
            for (int index = 0; index < values.Length; index++)
            {
                if (values[index] == 0f)
                {
                    continue; // as one that is not named
                }

                if (_numUsed == _values.Count)
                {
                    _values.Add(new Wire.ActionValue());
                }

                Wire.ActionValue value = _values[_numUsed++];
                value.Name = actions[index].Name;
                value.Value = values[index];
                field.Add(value);
            }
        }
    }
}
