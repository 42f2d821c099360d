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

        /// <summary>
        /// Not Unity's: the code is loaded anew, so a new object gets what was serialized; the other is closed without a word.
        /// </summary>
        public EditorWindow StubReloaded()
        {
            Send("OnDisable");
            var next = (EditorWindow)Activator.CreateInstance(GetType(), true);
            foreach (FieldInfo field in SerializedProperty.FieldsOf(GetType()))
            {
                field.SetValue(next, field.GetValue(this));
            }

            Windows[GetType()] = next;
            next.Send("OnEnable");
            return next;
        }

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

        /// <summary>Not Unity's: what is chosen from the popup with this label, once.</summary>
        public static Dictionary<string, string> StubChosen { get; } = new Dictionary<string, string>();

        /// <summary>Not Unity's: what the popup with this label offered when it was drawn last.</summary>
        public static Dictionary<string, string[]> StubOffered { get; } = new Dictionary<string, string[]>();

        /// <summary>Not Unity's: properties whose parts were drawn between BeginProperty and EndProperty.</summary>
        public static List<string> StubProperties { get; } = new List<string>();

        private static readonly Stack<bool> Changes = new Stack<bool>();
        private static int _properties;

        public static bool showMixedValue { get; set; }

        public static GUIContent BeginProperty(Rect totalPosition, GUIContent label, SerializedProperty property)
        {
            _properties++;
            StubProperties.Add(property.propertyPath);
            return label;
        }

        public static void EndProperty()
        {
            if (--_properties < 0)
            {
                throw new InvalidOperationException("EndProperty without BeginProperty");
            }
        }

        public static void BeginChangeCheck()
        {
            Changes.Push(GUI.changed);
            GUI.changed = false;
        }

        public static bool EndChangeCheck()
        {
            bool changed = GUI.changed;
            GUI.changed |= Changes.Pop();
            return changed;
        }

        public static int Popup(Rect position, string label, int selectedIndex, string[] displayedOptions)
        {
            StubOffered[label] = displayedOptions;
            GUI.StubDrawn.Add(showMixedValue ? $"{label}: (mixed)" : $"{label}: {displayedOptions[selectedIndex]}");
            if (!StubChosen.Remove(label, out string chosen))
            {
                return selectedIndex;
            }

            GUI.changed = true;
            return Array.IndexOf(displayedOptions, chosen);
        }

        public static bool PropertyField(Rect position, SerializedProperty property) =>
            PropertyField(position, property, new GUIContent(property.name));

        public static bool PropertyField(Rect position, SerializedProperty property, GUIContent label)
        {
            GUI.StubDrawn.Add($"{label.text}: field");
            return false;
        }
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

        public static string PasswordField(string label, string password, params GUILayoutOption[] options) =>
            TextField(label, password);

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
}
