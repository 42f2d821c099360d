#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;

namespace StreamDit
{
    /// <summary>A complete set of actions: one value per action, in the world's order. Pure.</summary>
    internal static class ActionSet
    {
        /// <summary>Names that are held at 1.</summary>
        /// <exception cref="ArgumentException">A name that is unknown or there twice, or a set the world does not take.</exception>
        public static float[] Of(WorldInfo world, IReadOnlyList<string> held)
        {
            RequireAny(world);
            var values = new float[world.Actions.Count];
            foreach (string name in held)
            {
                int index = Index(world, name);
                if (values[index] != 0f)
                {
                    throw new ArgumentException($"action '{name}' is there twice");
                }

                values[index] = 1f;
            }

            Check(world, values);
            return values;
        }

        /// <summary>Values by name.</summary>
        /// <exception cref="ArgumentException">A name that is unknown, or a set the world does not take.</exception>
        public static float[] Of(WorldInfo world, IReadOnlyDictionary<string, float> held)
        {
            RequireAny(world);
            var values = new float[world.Actions.Count];
            foreach (KeyValuePair<string, float> action in held)
            {
                values[Index(world, action.Key)] = action.Value;
            }

            Check(world, values);
            return values;
        }

        public static Dictionary<string, float> ByName(IReadOnlyList<ActionInfo> actions, ReadOnlySpan<float> values)
        {
            var held = new Dictionary<string, float>();
            for (int index = 0; index < values.Length; index++)
            {
                if (values[index] != 0f)
                {
                    held[actions[index].Name] = values[index];
                }
            }

            return held;
        }

        /// <param name="horizon">One full set after the other.</param>
        /// <exception cref="ArgumentException">The message names the action and its value.</exception>
        public static void Check(WorldInfo world, ReadOnlySpan<float> values, ReadOnlySpan<float> horizon = default)
        {
            RequireAny(world);
            int numActions = world.Actions.Count;
            if (values.Length != numActions)
            {
                throw new ArgumentException(
                    $"actions have {values.Length} values, world '{world.Name}' has {numActions}: {Names(world)}");
            }

            if (horizon.Length % numActions != 0)
            {
                throw new ArgumentException(
                    $"horizon has {horizon.Length} values, expected a multiple of {numActions}: full sets");
            }

            CheckSet(world.Actions, values);
            for (int start = 0; start < horizon.Length; start += numActions)
            {
                CheckSet(world.Actions, horizon.Slice(start, numActions));
            }
        }

        private static void CheckSet(IReadOnlyList<ActionInfo> actions, ReadOnlySpan<float> values)
        {
            for (int index = 0; index < values.Length; index++)
            {
                ActionInfo action = actions[index];
                float value = values[index];
                if (action.Kind == ActionKind.Button && value != 0f && value != 1f)
                {
                    throw new ArgumentException($"action '{action.Name}' is {value}, a button is 0 or 1");
                }

                if (!(value >= action.Min && value <= action.Max))
                {
                    throw new ArgumentException(
                        $"action '{action.Name}' is {value}, must be {action.Min}..{action.Max}");
                }

                for (int other = 0; value != 0f && action.Group.Length > 0 && other < index; other++)
                {
                    if (values[other] != 0f && actions[other].Group == action.Group)
                    {
                        throw new ArgumentException(
                            $"actions '{actions[other].Name}' and '{action.Name}' exclude each other, "
                            + $"group '{action.Group}'");
                    }
                }
            }
        }

        private static int Index(WorldInfo world, string name)
        {
            for (int index = 0; index < world.Actions.Count; index++)
            {
                if (world.Actions[index].Name == name)
                {
                    return index;
                }
            }

            throw new ArgumentException($"action '{name}' is unknown, world '{world.Name}' has: {Names(world)}");
        }

        private static void RequireAny(WorldInfo world)
        {
            if (world.Actions.Count == 0)
            {
                throw new ArgumentException($"this engine takes no actions: world '{world.Name}' has none");
            }
        }

        private static string Names(WorldInfo world) => string.Join(", ", world.Actions.Select(action => action.Name));
    }
}
