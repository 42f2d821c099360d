#nullable enable
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
            NameField.Draw(left, "State field", property.FindPropertyRelative("field"), KnownNames.StateFields);
            EditorGUI.PropertyField(right, component, GUIContent.none);
            // Of several objects whose components differ nobody can choose a member, but type one.
            Component? read = component.hasMultipleDifferentValues ? null : component.objectReferenceValue as Component;
            NameField.Draw(
                Below(left, 1, position.width),
                "Member",
                property.FindPropertyRelative("member"),
                read == null ? new string[0] : KnownNames.Members(read.GetType()));
            EditorGUI.PropertyField(Below(left, 2, left.width), property.FindPropertyRelative("scale"));
            EditorGUI.PropertyField(Below(right, 2, right.width), property.FindPropertyRelative("offset"));
        }

        private static Rect Below(Rect place, int lines, float width) =>
            new Rect(place.x, place.y + lines * Line, width, place.height);
    }
}
