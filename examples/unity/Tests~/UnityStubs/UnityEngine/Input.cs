using System;
using System.Collections.Generic;

namespace UnityEngine
{
    /// <summary>Not Unity's: Active Input Handling in the player's settings.</summary>
    public enum StubHandling
    {
        Old,
        New,
        Both,
    }

    /// <summary>Not Unity's: a hand on the keyboard.</summary>
    public static class StubKeyboard
    {
        public static StubHandling Handling { get; set; } = StubHandling.New;

        public static HashSet<KeyCode> Down { get; } = new HashSet<KeyCode>();

        /// <summary>Went down since the last turn.</summary>
        public static HashSet<KeyCode> Pressed { get; } = new HashSet<KeyCode>();

        public static string Text { get; private set; } = "";

        /// <summary>What the Input System hears of.</summary>
        public static event Action<char> Letter;

        public static void Press(KeyCode key)
        {
            Down.Add(key);
            Pressed.Add(key);
        }

        public static void Release(KeyCode key) => Down.Remove(key);

        public static void Type(string text)
        {
            Text += text;
            foreach (char letter in text)
            {
                Letter?.Invoke(letter);
            }
        }

        public static void Clear()
        {
            Down.Clear();
            EndTurn();
        }

        internal static void EndTurn()
        {
            Pressed.Clear();
            Text = "";
        }
    }

    /// <summary>The old input: it throws where a project has switched to the Input System alone.</summary>
    public class Input
    {
        public static string inputString => Allowed(StubKeyboard.Text);

        public static bool GetKey(KeyCode key) => Allowed(StubKeyboard.Down.Contains(key));

        public static bool GetKeyDown(KeyCode key) => Allowed(StubKeyboard.Pressed.Contains(key));

        private static T Allowed<T>(T value) => StubKeyboard.Handling != StubHandling.New
            ? value
            : throw new InvalidOperationException("You are trying to read Input using the UnityEngine.Input class, but you"
                + " have switched active Input handling to Input System package in Player Settings.");
    }
}
