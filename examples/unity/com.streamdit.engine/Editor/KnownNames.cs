#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using StreamDit.Unity;
using UnityEditor;

namespace StreamDit.Editor
{
    /// <summary>
    /// What the world that was played last calls its actions and state fields: only an engine can say, so they are kept for as
    /// long as the editor runs.
    /// </summary>
    internal static class KnownNames
    {
        private const string ActionsKey = "StreamDit.Names.Actions";
        private const string FieldsKey = "StreamDit.Names.StateFields";

        private static readonly Dictionary<Type, string[]> MembersOf = new Dictionary<Type, string[]>();
        private static Opened? _seen;

        /// <summary>Empty before a world was played.</summary>
        public static string[] Actions => Kept(ActionsKey);

        /// <summary>Empty before a world was played.</summary>
        public static string[] StateFields => Kept(FieldsKey);

        /// <summary>What can be read of a component; looked up once a type, for an inspector is drawn many times a second.</summary>
        public static string[] Members(Type component)
        {
            if (!MembersOf.TryGetValue(component, out string[] names))
            {
                names = MemberReader.Names(component).ToArray();
                MembersOf[component] = names;
            }

            return names;
        }

        /// <summary>Once per turn of the editor.</summary>
        public static void Look()
        {
            Opened? opened = Lifetime.Last?.Opened;
            if (opened == null || ReferenceEquals(opened, _seen))
            {
                return;
            }

            _seen = opened;
            SessionState.SetString(ActionsKey, string.Join("\n", opened.World.Actions.Select(action => action.Name)));
            SessionState.SetString(FieldsKey, string.Join("\n", opened.World.StateFields.Select(field => field.Name)));
        }

        private static string[] Kept(string key) =>
            SessionState.GetString(key, "").Split(new[] { '\n' }, StringSplitOptions.RemoveEmptyEntries);
    }
}
