#nullable enable
using System.Text;
using UnityEngine;
#if ENABLE_INPUT_SYSTEM && STREAMDIT_INPUT_SYSTEM
using System;
using System.Collections.Generic;
using UnityEngine.InputSystem;
#endif

namespace StreamDit.Unity
{
    /// <summary>
    /// The keyboard, whichever input system the project uses: the Input System where it has a keyboard, else the old one. With
    /// the Input System alone OnGUI is told of no key.
    /// </summary>
    public static class KeyInput
    {
        /// <summary>false: the project has neither of them, so that no key is ever seen.</summary>
        public static bool IsAvailable
        {
            get
            {
#if ENABLE_LEGACY_INPUT_MANAGER || (ENABLE_INPUT_SYSTEM && STREAMDIT_INPUT_SYSTEM)
                return true;
#else
                return false;
#endif
            }
        }

        /// <summary>Whether it is down now.</summary>
        public static bool IsHeld(KeyCode key)
        {
#if ENABLE_INPUT_SYSTEM && STREAMDIT_INPUT_SYSTEM
            Keyboard? keyboard = Keyboard.current;
            if (keyboard != null)
            {
                Key its = KeyOf(key);
                return its != Key.None && keyboard[its].isPressed;
            }
#endif
#if ENABLE_LEGACY_INPUT_MANAGER
            return Input.GetKey(key);
#else
            return false;
#endif
        }

        /// <summary>Whether it went down since the last turn, also if it is up again.</summary>
        public static bool WasPressed(KeyCode key)
        {
#if ENABLE_INPUT_SYSTEM && STREAMDIT_INPUT_SYSTEM
            Keyboard? keyboard = Keyboard.current;
            if (keyboard != null)
            {
                Key its = KeyOf(key);
                return its != Key.None && keyboard[its].wasPressedThisFrame;
            }
#endif
#if ENABLE_LEGACY_INPUT_MANAGER
            return Input.GetKeyDown(key);
#else
            return false;
#endif
        }

        /// <summary>false: the input system in use has no such key, e.g. a mouse button or a joystick's.</summary>
        public static bool Knows(KeyCode key)
        {
#if ENABLE_INPUT_SYSTEM && STREAMDIT_INPUT_SYSTEM
            if (Keyboard.current != null)
            {
                return KeyOf(key) != Key.None;
            }
#endif
            return key != KeyCode.None;
        }

        /// <summary>
        /// What was typed since the last turn: composed text too, '\b' for backspace, '\n' for return. To be asked every turn.
        /// </summary>
        public static string Typed()
        {
#if ENABLE_INPUT_SYSTEM && STREAMDIT_INPUT_SYSTEM
            if (Keyboard.current != null)
            {
                return TypedOn(Keyboard.current);
            }
#endif
#if ENABLE_LEGACY_INPUT_MANAGER
            return Plain(Input.inputString);
#else
            return "";
#endif
        }

        private static string Plain(string typed)
        {
            if (typed.Length == 0)
            {
                return "";
            }

            var plain = new StringBuilder();
            foreach (char letter in typed)
            {
                char meant = letter == '\r' ? '\n' : letter == '\u007F' ? '\b' : letter;
                // macOS sends arrows and their like as letters of its own.
                bool isText = meant == '\n' || meant == '\b' || (!char.IsControl(meant) && (meant < '\uF700' || meant > '\uF8FF'));
                plain.Append(isText ? meant.ToString() : "");
            }

            return plain.ToString();
        }

#if ENABLE_INPUT_SYSTEM && STREAMDIT_INPUT_SYSTEM
        private const int MaxWaiting = 256; // letters; more are dropped, for nobody asks

        // What the Input System calls otherwise; all others have the same name in both.
        private static readonly Dictionary<KeyCode, Key> Renamed = new Dictionary<KeyCode, Key>
        {
            [KeyCode.Return] = Key.Enter,
            [KeyCode.KeypadEnter] = Key.NumpadEnter,
            [KeyCode.KeypadPeriod] = Key.NumpadPeriod,
            [KeyCode.KeypadDivide] = Key.NumpadDivide,
            [KeyCode.KeypadMultiply] = Key.NumpadMultiply,
            [KeyCode.KeypadMinus] = Key.NumpadMinus,
            [KeyCode.KeypadPlus] = Key.NumpadPlus,
            [KeyCode.KeypadEquals] = Key.NumpadEquals,
            [KeyCode.LeftControl] = Key.LeftCtrl,
            [KeyCode.RightControl] = Key.RightCtrl,
            [KeyCode.BackQuote] = Key.Backquote,
            [KeyCode.Numlock] = Key.NumLock,
            [KeyCode.Print] = Key.PrintScreen,
            [KeyCode.Menu] = Key.ContextMenu,
        };

        private static readonly Dictionary<int, Key> Found = new Dictionary<int, Key>();
        private static readonly StringBuilder Waiting = new StringBuilder();
        private static Keyboard? _listenedTo;

        private static Key KeyOf(KeyCode key)
        {
            if (!Found.TryGetValue((int)key, out Key its))
            {
                Found[(int)key] = its = Named(key);
            }

            return its;
        }

        private static Key Named(KeyCode key)
        {
            if (Renamed.TryGetValue(key, out Key renamed))
            {
                return renamed;
            }

            if (key >= KeyCode.Alpha0 && key <= KeyCode.Alpha9)
            {
                return key == KeyCode.Alpha0 ? Key.Digit0 : Key.Digit1 + (key - KeyCode.Alpha1);
            }

            if (key >= KeyCode.Keypad0 && key <= KeyCode.Keypad9)
            {
                return Key.Numpad0 + (key - KeyCode.Keypad0);
            }

            return Enum.TryParse(key.ToString(), out Key named) ? named : Key.None;
        }

        private static string TypedOn(Keyboard keyboard)
        {
            if (!ReferenceEquals(keyboard, _listenedTo))
            {
                StopListening();
                _listenedTo = keyboard;
                _listenedTo.onTextInput += Type;
            }

            string typed = Waiting.Length > 0 ? Plain(Waiting.ToString()) : "";
            Waiting.Clear();
            return typed;
        }

        private static void Type(char letter)
        {
            if (Waiting.Length < MaxWaiting)
            {
                Waiting.Append(letter);
            }
        }

        // Statics outlive the play mode where the domain is not loaded anew.
        [RuntimeInitializeOnLoadMethod(RuntimeInitializeLoadType.SubsystemRegistration)]
        private static void StopListening()
        {
            if (_listenedTo != null)
            {
                _listenedTo.onTextInput -= Type;
            }

            _listenedTo = null;
            Waiting.Clear();
        }
#endif
    }
}
