#nullable enable
using System;
using System.Collections.Generic;

namespace StreamDit.Unity
{
    /// <summary>Which of the known names somebody meant who wrote another one.</summary>
    public static class NearestName
    {
        /// <summary>null if none is near: more than half of the letters would have to change.</summary>
        public static string? Of(string written, IEnumerable<string> known)
        {
            string? nearest = null;
            int fewest = int.MaxValue;
            foreach (string name in known)
            {
                int changes = Changes(written.ToLowerInvariant(), name.ToLowerInvariant());
                if (changes < fewest)
                {
                    nearest = name;
                    fewest = changes;
                }
            }

            return nearest != null && fewest * 2 <= Math.Max(written.Length, nearest.Length) ? nearest : null;
        }

        /// <summary>Letters to insert, remove or replace (Levenshtein 1966).</summary>
        private static int Changes(string from, string to)
        {
            int[] before = new int[to.Length + 1];
            int[] row = new int[to.Length + 1];
            for (int column = 0; column <= to.Length; column++)
            {
                before[column] = column;
            }

            for (int letter = 0; letter < from.Length; letter++)
            {
                row[0] = letter + 1;
                for (int column = 0; column < to.Length; column++)
                {
                    int replaced = before[column] + (from[letter] == to[column] ? 0 : 1);
                    row[column + 1] = Math.Min(replaced, Math.Min(before[column + 1], row[column]) + 1);
                }

                (before, row) = (row, before);
            }

            return before[to.Length];
        }
    }
}
