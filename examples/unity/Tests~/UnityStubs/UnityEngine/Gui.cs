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
        Backspace = 8,
        Tab = 9,
        Return = 13,
        Escape = 27,
        Space = 32,
        Alpha0 = 48,
        Alpha1 = 49,
        Alpha2 = 50,
        Alpha3 = 51,
        Alpha4 = 52,
        Alpha5 = 53,
        Alpha6 = 54,
        Alpha7 = 55,
        Alpha8 = 56,
        Alpha9 = 57,
        BackQuote = 96,
        A = 97,
        B = 98,
        C = 99,
        D = 100,
        E = 101,
        F = 102,
        G = 103,
        H = 104,
        I = 105,
        J = 106,
        K = 107,
        L = 108,
        M = 109,
        N = 110,
        O = 111,
        P = 112,
        Q = 113,
        R = 114,
        S = 115,
        T = 116,
        U = 117,
        V = 118,
        W = 119,
        X = 120,
        Y = 121,
        Z = 122,
        Keypad0 = 256,
        Keypad1 = 257,
        Keypad2 = 258,
        Keypad3 = 259,
        Keypad4 = 260,
        Keypad5 = 261,
        Keypad6 = 262,
        Keypad7 = 263,
        Keypad8 = 264,
        Keypad9 = 265,
        KeypadPeriod = 266,
        KeypadDivide = 267,
        KeypadMultiply = 268,
        KeypadMinus = 269,
        KeypadPlus = 270,
        KeypadEnter = 271,
        KeypadEquals = 272,
        UpArrow = 273,
        DownArrow = 274,
        RightArrow = 275,
        LeftArrow = 276,
        Numlock = 300,
        RightShift = 303,
        LeftShift = 304,
        RightControl = 305,
        LeftControl = 306,
        Print = 316,
        Menu = 319,
        Mouse0 = 323,
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

        /// <summary>Not Unity's: with the Input System alone a game's OnGUI hears of no input, an editor's does.</summary>
        internal static bool StubIsDeaf { get; set; }

        public static bool Button(Rect position, string text)
        {
            StubDrawn.Add(text);
            if (StubIsDeaf)
            {
                return false;
            }

            bool clicked = StubClick == text;
            StubClick = clicked ? null : StubClick;
            return clicked;
        }

        public static string TextField(Rect position, string text)
        {
            if (StubIsDeaf)
            {
                return text;
            }

            string typed = StubTyped ?? text;
            StubTyped = null;
            return typed;
        }

        public static void DrawTexture(Rect position, Texture image) =>
            DrawTextureWithTexCoords(position, image, new Rect(0, 0, 1, 1));

        public static void DrawTextureWithTexCoords(Rect position, Texture image, Rect texCoords)
        {
            StubPictures.Add((image, texCoords));
            StubPlace = position;
        }

        /// <summary>Not Unity's: where the last picture was drawn.</summary>
        public static Rect StubPlace { get; private set; }
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
