#nullable enable
using System;
using System.Globalization;
using System.Text;

namespace StreamDit
{
    /// <summary>The little JSON that a recording is written in; Unity has no System.Text.Json.</summary>
    internal static class Json
    {
        public static string Text(string text)
        {
            var json = new StringBuilder("\"");
            foreach (char letter in text)
            {
                if (letter == '"' || letter == '\\')
                {
                    json.Append('\\').Append(letter);
                }
                else if (letter < ' ' || letter == '\u0085' || letter == '\u2028' || letter == '\u2029') // ends of lines to some
                {
                    json.Append("\\u").Append(((int)letter).ToString("x4", CultureInfo.InvariantCulture));
                }
                else
                {
                    json.Append(letter);
                }
            }

            return json.Append('"').ToString();
        }

        public static string Number(float value) => value.ToString("R", CultureInfo.InvariantCulture);

        public static string Numbers(ReadOnlySpan<float> values)
        {
            var json = new StringBuilder("[");
            foreach (float value in values)
            {
                json.Append(json.Length > 1 ? ", " : "").Append(Number(value));
            }

            return json.Append(']').ToString();
        }
    }
}
