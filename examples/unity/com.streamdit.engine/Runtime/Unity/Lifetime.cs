#nullable enable
using System.Collections.Generic;
using UnityEngine;

namespace StreamDit.Unity
{
    /// <summary>
    /// Every open link to an engine, so that none outlives the code it calls back into: native callbacks after a domain reload
    /// crash the editor. The game's end is heard here, the editor's reload and the end of play mode in StreamDit.Editor.
    /// </summary>
    public static class Lifetime
    {
        private static readonly List<EngineLink> Open = new List<EngineLink>();

        /// <summary>For the editor window: the newest link that is open; null if none is.</summary>
        public static EngineLink? Newest => Open.Count > 0 ? Open[Open.Count - 1] : null;

        /// <summary>For the editor window: the one that was opened last, which may have ended; null before the first.</summary>
        public static EngineLink? Last { get; internal set; }

        /// <summary>Cancels and disposes all of them; waits for the engine's word for a second or two at most.</summary>
        public static void CloseAll(string why)
        {
            while (Open.Count > 0)
            {
                Open[Open.Count - 1].Close(why);
            }
        }

        internal static void Add(EngineLink link) => Open.Add(link);

        internal static void Remove(EngineLink link) => Open.Remove(link);

        [RuntimeInitializeOnLoadMethod(RuntimeInitializeLoadType.SubsystemRegistration)]
        private static void Begin()
        {
            // Without a domain reload this runs again in the same domain.
            Application.quitting -= Quit;
            Application.quitting += Quit;
        }

        private static void Quit() => CloseAll("application quit");
    }
}
