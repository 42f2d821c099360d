#nullable enable
using System;
using System.Collections.Generic;
using UnityEditor;
using UnityEngine;

namespace StreamDit.Editor
{
    /// <summary>A name in the inspector, chosen from those that are known; typed where none are.</summary>
    internal static class NameField
    {
        /// <param name="known">Empty: any text may be typed.</param>
        public static void Draw(Rect place, string label, SerializedProperty name, string[] known)
        {
            if (known.Length == 0)
            {
                EditorGUI.PropertyField(place, name, new GUIContent(label));
                return;
            }

            // Around it, so that a prefab's override is marked and can be reverted, and that nothing is written of several
            // selected objects before somebody chooses.
            EditorGUI.BeginProperty(place, new GUIContent(label), name);
            string[] shown = With(known, name.stringValue);
            EditorGUI.showMixedValue = name.hasMultipleDifferentValues;
            EditorGUI.BeginChangeCheck();
            int chosen = EditorGUI.Popup(place, label, Array.IndexOf(shown, name.stringValue), shown);
            if (EditorGUI.EndChangeCheck() && chosen >= 0)
            {
                name.stringValue = shown[chosen];
            }

            EditorGUI.showMixedValue = false;
            EditorGUI.EndProperty();
        }

        // Misspelled or not chosen yet: shown, and said when played.
        private static string[] With(string[] known, string written)
        {
            if (Array.IndexOf(known, written) >= 0)
            {
                return known;
            }

            var names = new List<string> { written };
            names.AddRange(known);
            return names.ToArray();
        }
    }
}
