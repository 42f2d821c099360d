#nullable enable
using StreamDit.Unity;
using UnityEditor;
using UnityEngine;

namespace StreamDit.Editor
{
    /// <summary>A binding on two lines, its action chosen from those of the world that was played last.</summary>
    [CustomPropertyDrawer(typeof(ActionBinding))]
    internal sealed class ActionBindingDrawer : PropertyDrawer
    {
        private const float Line = 20;

        public override float GetPropertyHeight(SerializedProperty property, GUIContent label) => 2 * Line + 4;

        public override void OnGUI(Rect position, SerializedProperty property, GUIContent label)
        {
            var whole = new Rect(position.x, position.y, position.width, Line - 2);
            var left = new Rect(position.x, position.y + Line, position.width / 2 - 4, Line - 2);
            var right = new Rect(position.x + position.width / 2, position.y + Line, position.width / 2, Line - 2);
            NameField.Draw(whole, "Action", property.FindPropertyRelative("action"), KnownNames.Actions);
            EditorGUI.PropertyField(left, property.FindPropertyRelative("key"));
            EditorGUI.PropertyField(right, property.FindPropertyRelative("value"));
        }
    }
}
