#nullable enable
using System;

namespace StreamDit.Unity
{
    /// <summary>Brings a game's value into a state field's range; the engine ignores states that leave it.</summary>
    public static class StateRange
    {
        /// <returns>
        /// false if the value had to be cut off, or was no number (then fitted is the field's resting value). A periodic
        /// field meets itself at its ends, so every number has its place in it.
        /// </returns>
        public static bool TryFit(float value, StateField field, out float fitted)
        {
            if (float.IsNaN(value) || float.IsInfinity(value))
            {
                fitted = field.Initial;
                return false;
            }

            if (field.Periodic && (value < field.Min || value > field.Max))
            {
                float period = field.Max - field.Min;
                float turns = (float)Math.Floor((value - field.Min) / period);
                fitted = Math.Min(field.Max, Math.Max(field.Min, value - turns * period));
                return true;
            }

            fitted = Math.Min(field.Max, Math.Max(field.Min, value));
            return fitted == value;
        }
    }
}
