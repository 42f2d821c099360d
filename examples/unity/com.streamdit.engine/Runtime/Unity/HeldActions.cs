#nullable enable
using System;
using System.Collections.Generic;

namespace StreamDit.Unity
{
    /// <summary>
    /// What is held, as a set that the engine takes. An action has any number of holders, e.g. two keys and the game's code:
    /// it is held while one of them is, at the value of the one pressed last. A press that came and went since the last set
    /// counts for one, of an exclusive group the newest press is held. Allocates nothing.
    /// </summary>
    internal sealed class HeldActions
    {
        private readonly WorldInfo _world;
        private readonly int[] _actions; // of each holder
        private readonly float[] _held; // of each holder, now
        private readonly float[] _tapped; // of each holder: pressed since the last set, let go of or not
        private readonly int[] _pressedAt; // of each holder; the newest press has the highest number
        private readonly float[] _set;
        private readonly int[] _newest; // of each action: the highest `_pressedAt` in it, 0 where nothing is pressed
        private int _numPresses;

        /// <param name="actions">Which action each holder holds, by its place in the world's order.</param>
        public HeldActions(WorldInfo world, IReadOnlyList<int> actions)
        {
            _world = world;
            _actions = new int[actions.Count];
            for (int holder = 0; holder < _actions.Length; holder++)
            {
                _actions[holder] = actions[holder];
            }

            _held = new float[_actions.Length];
            _tapped = new float[_actions.Length];
            _pressedAt = new int[_actions.Length];
            _set = new float[world.Actions.Count];
            _newest = new int[world.Actions.Count];
        }

        /// <summary>0 lets go of it. A value out of the action's range is cut off.</summary>
        public void Hold(int holder, float value)
        {
            ActionInfo info = _world.Actions[_actions[holder]];
            float fitted = float.IsNaN(value) ? 0f : Math.Min(Math.Max(value, info.Min), info.Max);
            fitted = info.Kind == ActionKind.Button && fitted != 0f ? 1f : fitted;
            if (fitted != 0f && _held[holder] == 0f)
            {
                _pressedAt[holder] = ++_numPresses;
            }

            _held[holder] = fitted;
            _tapped[holder] = fitted != 0f ? fitted : _tapped[holder];
        }

        public void LetGoOfAll() => Array.Clear(_held, 0, _held.Length);

        /// <summary>The set to send now; what was only tapped is not in the next one.</summary>
        public ReadOnlySpan<float> Take()
        {
            Array.Clear(_set, 0, _set.Length);
            Array.Clear(_newest, 0, _newest.Length);
            for (int holder = 0; holder < _actions.Length; holder++)
            {
                float value = _held[holder] != 0f ? _held[holder] : _tapped[holder];
                int action = _actions[holder];
                if (value != 0f && _pressedAt[holder] > _newest[action])
                {
                    (_set[action], _newest[action]) = (value, _pressedAt[holder]);
                }
            }

            for (int action = 0; action < _set.Length; action++)
            {
                _set[action] = Beaten(action) ? 0f : _set[action];
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
                if (_newest[other] > _newest[action] && _world.Actions[other].Group == group)
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>Whether a world takes the same actions, so that what is held stays held in it.</summary>
        public bool Fits(WorldInfo world)
        {
            bool same = world.Actions.Count == _world.Actions.Count;
            for (int index = 0; same && index < world.Actions.Count; index++)
            {
                (ActionInfo one, ActionInfo other) = (world.Actions[index], _world.Actions[index]);
                same = one.Name == other.Name && one.Kind == other.Kind && one.Min == other.Min && one.Max == other.Max
                    && one.Group == other.Group && one.DefaultKey == other.DefaultKey;
            }

            return same;
        }
    }
}
