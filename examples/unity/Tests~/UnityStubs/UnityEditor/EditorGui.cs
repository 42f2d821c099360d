using System;
using System.Collections.Generic;
using System.Reflection;
using UnityEngine;

namespace UnityEditor
{
    public enum MessageType
    {
        None,
        Info,
        Warning,
        Error,
    }

    public class EditorWindow : ScriptableObject
    {
        private static readonly Dictionary<Type, EditorWindow> Windows = new Dictionary<Type, EditorWindow>();

        public Vector2 minSize { get; set; }

        public static T GetWindow<T>(string title) where T : EditorWindow => GetWindow<T>(false, title);

        public static T GetWindow<T>(bool utility, string title) where T : EditorWindow
        {
            if (!Windows.TryGetValue(typeof(T), out EditorWindow window))
            {
                window = (EditorWindow)Activator.CreateInstance(typeof(T), true);
                Windows[typeof(T)] = window;
                window.Send("OnEnable");
            }

            return (T)window;
        }

        public void Show()
        {
        }

        public void Repaint()
        {
        }

        public void Close()
        {
            Send("OnDisable");
            Windows.Remove(GetType());
        }

        /// <summary>Not Unity's: the open window of a type, by name.</summary>
        public static EditorWindow StubFind(string type)
        {
            foreach (EditorWindow window in Windows.Values)
            {
                if (window.GetType().Name == type)
                {
                    return window;
                }
            }

            return null;
        }

        /// <summary>Not Unity's: draws the window.</summary>
        public void StubDraw() => Send("OnGUI");

        private void Send(string message) => GetType()
            .GetMethod(message, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)
            ?.Invoke(this, null);
    }

    public sealed class EditorGUI
    {
        private static int _disabled;

        public static void BeginDisabledGroup(bool disabled) => _disabled++;

        public static void EndDisabledGroup()
        {
            if (--_disabled < 0)
            {
                throw new InvalidOperationException("EndDisabledGroup without BeginDisabledGroup");
            }
        }

        public static void LabelField(Rect position, string label) => GUI.StubDrawn.Add(label);

        public static int Popup(Rect position, string label, int selectedIndex, string[] displayedOptions) => selectedIndex;

        public static bool PropertyField(Rect position, SerializedProperty property) => false;

        public static bool PropertyField(Rect position, SerializedProperty property, GUIContent label) => false;
    }

    public sealed class EditorGUILayout
    {
        /// <summary>Not Unity's: what is typed into the field with this label, once.</summary>
        public static Dictionary<string, string> StubTyped { get; } = new Dictionary<string, string>();

        public static void LabelField(string label, params GUILayoutOption[] options) => GUI.StubDrawn.Add(label);

        public static void LabelField(string label, string label2, params GUILayoutOption[] options) =>
            GUI.StubDrawn.Add($"{label}: {label2}");

        public static void HelpBox(string message, MessageType type) => GUI.StubDrawn.Add($"{type}: {message}");

        public static string TextField(string label, string text, params GUILayoutOption[] options) =>
            StubTyped.Remove(label, out string typed) ? typed : text;

        public static bool Toggle(string label, bool value, params GUILayoutOption[] options) => value;

        public static Rect BeginHorizontal(params GUILayoutOption[] options) => default;

        public static void EndHorizontal()
        {
        }

        public static Vector2 BeginScrollView(Vector2 scrollPosition, params GUILayoutOption[] options) => scrollPosition;

        public static void EndScrollView()
        {
        }
    }

    public sealed class CustomPropertyDrawer : Attribute
    {
        public CustomPropertyDrawer(Type type)
        {
        }
    }

    public abstract class GUIDrawer
    {
    }

    public abstract class PropertyDrawer : GUIDrawer
    {
        public virtual void OnGUI(Rect position, SerializedProperty property, GUIContent label)
        {
        }

        public virtual float GetPropertyHeight(SerializedProperty property, GUIContent label) => 18;
    }

    /// <summary>Compiled against only: no test draws an inspector.</summary>
    public class SerializedProperty
    {
        public string stringValue { get; set; }

        public UnityEngine.Object objectReferenceValue { get; set; }

        public SerializedProperty FindPropertyRelative(string relativePropertyPath) => null;
    }
}
