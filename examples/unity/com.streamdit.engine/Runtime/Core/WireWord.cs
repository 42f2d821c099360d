#nullable enable
using System;
using System.Text;

namespace StreamDit
{
    /// <summary>An enum's value in the wire's spelling without its prefix: StateLength is STATE_LENGTH, as in Python.</summary>
    internal static class WireWord
    {
        public static string Of<T>(T value)
            where T : struct, Enum
        {
            string name = value.ToString();
            if (!char.IsLetter(name[0]))
            {
                return $"UNKNOWN_{name}"; // a newer engine's
            }

            var word = new StringBuilder(name.Length + 4);
            for (int index = 0; index < name.Length; index++)
            {
                if (index > 0 && char.IsUpper(name[index]))
                {
                    word.Append('_');
                }

                word.Append(char.ToUpperInvariant(name[index]));
            }

            return word.ToString();
        }
    }
}
