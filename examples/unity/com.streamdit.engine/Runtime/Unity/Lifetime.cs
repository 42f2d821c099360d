#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading.Tasks;
using UnityEngine;
using Debug = UnityEngine.Debug;

namespace StreamDit.Unity
{
    /// <summary>
    /// Every open link to an engine, so that none outlives the code it calls back into: native callbacks after a domain reload
    /// crash the editor. The game's end is heard here, the editor's reload and the end of play mode in StreamDit.Editor.
    /// </summary>
    public static class Lifetime
    {
        private const double CloseWithinS = 1.5;

        private static readonly List<EngineLink> Open = new List<EngineLink>();

        // Closed for the game already; the engine is still being told.
        private static readonly List<Task> Ending = new List<Task>();

        /// <summary>For the editor window: the newest link that is open; null if none is.</summary>
        public static EngineLink? Newest => Open.Count > 0 ? Open[Open.Count - 1] : null;

        /// <summary>For the editor window: the one that was opened last, which may have ended; null before the first.</summary>
        public static EngineLink? Last { get; internal set; }

        /// <summary>While it is true nothing is opened: what is opened by a listener would outlive the reload.</summary>
        internal static bool IsClosing { get; private set; }

        /// <summary>Cancels and disposes all of them, at once; waits for the engines' word for a second or two at most.</summary>
        public static void CloseAll(string why)
        {
            if (IsClosing)
            {
                return;
            }

            IsClosing = true;
            try
            {
                var clock = Stopwatch.StartNew();
                EngineLink[] links = Open.ToArray();
                Array.ForEach(links, link => link.BeginClose(why));
                for (int index = links.Length - 1; index >= 0; index--)
                {
                    Finish(links[index], why, CloseWithinS - clock.Elapsed.TotalSeconds);
                }

                double leftS = Math.Max(0, CloseWithinS - clock.Elapsed.TotalSeconds);
                Task.WaitAll(Ending.ToArray(), TimeSpan.FromSeconds(leftS)); // none of them throws
                Ending.RemoveAll(task => task.IsCompleted);
            }
            finally
            {
                IsClosing = false;
            }
        }

        internal static void Add(EngineLink link) => Open.Add(link);

        internal static void Remove(EngineLink link) => Open.Remove(link);

        /// <param name="ending">Never throws; a reload waits for it.</param>
        internal static void Await(Task ending)
        {
            Ending.RemoveAll(task => task.IsCompleted);
            Ending.Add(ending);
        }

        private static void Finish(EngineLink link, string why, double withinS)
        {
            try
            {
                link.Close(why, Math.Max(0, withinS));
            }
            catch (Exception error)
            {
                Debug.LogException(error); // a listener's; the others are closed all the same
            }
        }

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
