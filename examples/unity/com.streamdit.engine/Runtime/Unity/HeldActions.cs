#nullable enable
using System;

namespace StreamDit.Unity
{
    /// <summary>
    /// What is held, as a set that the engine takes: a press that came and went since the last set counts for one, of an
    /// exclusive group the newest press is held. Allocates nothing.
    /// </summary>
    internal sealed class HeldActions
    {
        private readonly WorldInfo _world;
        private readonly float[] _held; // now
        private readonly float[] _tapped; // pressed since the last set, let go of or not
        private readonly float[] _set;
        private readonly int[] _pressedAt; // the newest press has the highest number
        private int _numPresses;

        public HeldActions(WorldInfo world)
        {
            _world = world;
            int count = world.Actions.Count;
            _held = new float[count];
            _tapped = new float[count];
            _set = new float[count];
            _pressedAt = new int[count];
        }

        /// <summary>0 lets go of it. A value out of the action's range is cut off.</summary>
        public void Hold(int action, float value)
        {
            ActionInfo info = _world.Actions[action];
            float fitted = float.IsNaN(value) ? 0f : Math.Min(Math.Max(value, info.Min), info.Max);
            fitted = info.Kind == ActionKind.Button && fitted != 0f ? 1f : fitted;
            if (fitted != 0f && _held[action] == 0f)
            {
                _pressedAt[action] = ++_numPresses;
            }

            _held[action] = fitted;
            _tapped[action] = fitted != 0f ? fitted : _tapped[action];
        }

        public void LetGoOfAll() => Array.Clear(_held, 0, _held.Length);

        /// <summary>The set to send now; what was only tapped is not in the next one.</summary>
        public ReadOnlySpan<float> Take()
        {
            for (int action = 0; action < _set.Length; action++)
            {
                float value = _held[action] != 0f ? _held[action] : _tapped[action];
                _set[action] = Beaten(action) ? 0f : value;
            }

            Array.Clear(_tapped, 0, _tapped.Length);
            return _set;
        }

        /// <summary>Whether another one of its group was pressed later and is held or was tapped.</summary>
        private bool Beaten(int action)
        {
            string group = _world.Actions[action].Group;
            for (int other = 0; group.Length > 0 && other < _set.Length; other++)
            {
                bool pressed = _held[other] != 0f || _tapped[other] != 0f;
                if (pressed && _pressedAt[other] > _pressedAt[action] && _world.Actions[other].Group == group)
                {
                    return true;
                }
            }

            return false;
        }
    }
}
