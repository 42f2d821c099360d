using System.Collections.Generic;

namespace UnityEngine
{
    public enum EventType
    {
        KeyDown = 4,
        KeyUp = 5,
        Repaint = 7,
        Layout = 8,
        Used = 12,
    }

    public enum KeyCode
    {
        None = 0,
        Tab = 9,
        Return = 13,
        Escape = 27,
        Space = 32,
        Alpha0 = 48,
        A = 97,
        KeypadEnter = 271,
        UpArrow = 273,
        DownArrow = 274,
        RightArrow = 275,
        LeftArrow = 276,
    }

    public sealed class Event
    {
        public static Event current { get; set; } = new Event { type = EventType.Repaint };

        public EventType type { get; set; }

        public KeyCode keyCode { get; set; }

        public void Use() => type = EventType.Used;
    }

    public class GUILayoutOption
    {
    }

    public class GUI
    {
        public static bool changed { get; set; }

        /// <summary>Not Unity's: the text drawn since a test cleared it.</summary>
        public static List<string> StubDrawn { get; } = new List<string>();

        /// <summary>Not Unity's: the pictures drawn, and with which texture coordinates.</summary>
        public static List<(Texture Image, Rect TexCoords)> StubPictures { get; } = new List<(Texture, Rect)>();

        /// <summary>Not Unity's: the button with this text is clicked, once.</summary>
        public static string StubClick { get; set; }

        /// <summary>Not Unity's: typed into the next text field, once.</summary>
        public static string StubTyped { get; set; }

        public static void Label(Rect position, string text) => StubDrawn.Add(text);

        public static bool Button(Rect position, string text)
        {
            StubDrawn.Add(text);
            bool clicked = StubClick == text;
            StubClick = clicked ? null : StubClick;
            return clicked;
        }

        public static string TextField(Rect position, string text)
        {
            string typed = StubTyped ?? text;
            StubTyped = null;
            return typed;
        }

        public static void DrawTexture(Rect position, Texture image) =>
            DrawTextureWithTexCoords(position, image, new Rect(0, 0, 1, 1));

        public static void DrawTextureWithTexCoords(Rect position, Texture image, Rect texCoords) =>
            StubPictures.Add((image, texCoords));
    }

    public class GUILayout
    {
        public static bool Button(string text, params GUILayoutOption[] options) => GUI.Button(default, text);

        public static void Space(float pixels)
        {
        }
    }

    public class GUILayoutUtility
    {
        public static Rect GetRect(float width, float height) => new Rect(0, 0, width, height);
    }

    public class GUIContent
    {
        public static GUIContent none = new GUIContent("");

        public GUIContent(string text)
        {
            this.text = text;
        }

        public string text { get; set; }
    }

    public sealed class Screen
    {
        public static int width { get; set; } = 800;

        public static int height { get; set; } = 600;
    }
}
