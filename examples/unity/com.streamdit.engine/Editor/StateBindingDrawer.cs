#nullable enable
using System;
using System.Collections.Generic;
using StreamDit.Unity;
using UnityEditor;
using UnityEngine;

namespace StreamDit.Editor
{
    /// <summary>A binding on three lines, its member chosen from those that the component has.</summary>
    [CustomPropertyDrawer(typeof(StateBinding))]
    internal sealed class StateBindingDrawer : PropertyDrawer
    {
        private const float Line = 20;

        public override float GetPropertyHeight(SerializedProperty property, GUIContent label) => 3 * Line + 4;

        public override void OnGUI(Rect position, SerializedProperty property, GUIContent label)
        {
            Rect left = new Rect(position.x, position.y, position.width / 2 - 4, Line - 2);
            Rect right = new Rect(position.x + position.width / 2, position.y, position.width / 2, Line - 2);
            SerializedProperty component = property.FindPropertyRelative("component");
            EditorGUI.PropertyField(left, property.FindPropertyRelative("field"), new GUIContent("State field"));
            EditorGUI.PropertyField(right, component, GUIContent.none);
            DrawMember(Below(left, 1, position.width), property.FindPropertyRelative("member"), component);
            EditorGUI.PropertyField(Below(left, 2, left.width), property.FindPropertyRelative("scale"));
            EditorGUI.PropertyField(Below(right, 2, right.width), property.FindPropertyRelative("offset"));
        }

        private static void DrawMember(Rect place, SerializedProperty member, SerializedProperty component)
        {
            if (!(component.objectReferenceValue is Component read))
            {
                EditorGUI.PropertyField(place, member, new GUIContent("Member"));
                return;
            }

            var names = new List<string>(MemberReader.Names(read.GetType()));
            if (!names.Contains(member.stringValue))
            {
                names.Insert(0, member.stringValue); // misspelled or not chosen yet: shown, and said when played
            }

            int chosen = EditorGUI.Popup(place, "Member", names.IndexOf(member.stringValue), names.ToArray());
            member.stringValue = names[Math.Max(0, chosen)];
        }

        private static Rect Below(Rect place, int lines, float width) =>
            new Rect(place.x, place.y + lines * Line, width, place.height);
    }
}
