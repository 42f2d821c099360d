#nullable enable
using UnityEngine;

namespace StreamDit.Unity
{
    /// <summary>Keys by the names that a world gives them, as pygame's and the web's: "left", "space", "a", "1".</summary>
    internal static class KeyNames
    {
        /// <summary>None: a name that is not known here.</summary>
        public static KeyCode Of(string name)
        {
            if (name.Length == 1 && name[0] >= 'a' && name[0] <= 'z')
            {
                return KeyCode.A + (name[0] - 'a');
            }

            if (name.Length == 1 && name[0] >= '0' && name[0] <= '9')
            {
                return KeyCode.Alpha0 + (name[0] - '0');
            }

            return name switch
            {
                "left" => KeyCode.LeftArrow,
                "right" => KeyCode.RightArrow,
                "up" => KeyCode.UpArrow,
                "down" => KeyCode.DownArrow,
                "space" => KeyCode.Space,
                "tab" => KeyCode.Tab,
                "return" => KeyCode.Return,
                "enter" => KeyCode.Return,
                _ => KeyCode.None,
            };
        }
    }
}
