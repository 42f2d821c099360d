#nullable enable
using System.Collections.Generic;
using System.Linq;
using Google.Protobuf;
using Wire = Streamdit.V1;

namespace StreamDit
{
    /// <summary>What a stream goes on from, as the wire carries it.</summary>
    internal static class ConvertStart
    {
        public static Wire.Start ToStart(Start start)
        {
            if (start.Clip != null)
            {
                return new Wire.Start { Clip = start.Clip };
            }

            var frames = new Wire.StartFrames
            {
                Encoding = (Wire.Encoding)start.Encoding,
                Width = (uint)start.Width,
                Height = (uint)start.Height,
            };
            frames.Payloads.AddRange(start.Frames.Select(frame => UnsafeByteOperations.UnsafeWrap(frame)));
            foreach (IReadOnlyList<float> values in start.States)
            {
                var step = new Wire.StateStep();
                step.Values.AddRange(values);
                frames.States.Add(step);
            }

            foreach (IReadOnlyDictionary<string, float> held in start.Actions)
            {
                var step = new Wire.ActionsStep();
                step.Values.AddRange(ToValues(held));
                frames.Actions.Add(step);
            }

            return new Wire.Start { Frames = frames };
        }

        public static IEnumerable<Wire.ActionValue> ToValues(IReadOnlyDictionary<string, float> held) =>
            held.Select(action => new Wire.ActionValue { Name = action.Key, Value = action.Value });
    }
}
