#nullable enable
using System;
using System.Diagnostics;
using System.Threading;
using NUnit.Framework;
using StreamDit.Unity;
using UnityEngine;
using Debug = UnityEngine.Debug;

namespace StreamDit.Tests
{
    /// <summary>A scene on the stubs: turns of the player loop until something happens.</summary>
    internal static class Stage
    {
        public const double FrameS = 1.0 / 60;

        /// <summary>An object with a session, as the inspector would have filled it in.</summary>
        public static StreamDitBehaviour Session(string address, Action<LinkSettings>? fill = null)
        {
            var player = new GameObject("Player");
            player.SetActive(false); // a scene is filled in before it is played
            StreamDitBehaviour session = player.AddComponent<StreamDitBehaviour>();
            session.Settings.address = address;
            session.Settings.prompt = "a pig in a meadow";
            fill?.Invoke(session.Settings);
            Debug.StubConsole.Clear();
            player.SetActive(true);
            return session;
        }

        /// <summary>A key goes down or up, between two turns.</summary>
        public static void Key(EventType type, KeyCode key)
        {
            if (type == EventType.KeyDown)
            {
                StubKeyboard.Press(key);
            }
            else
            {
                StubKeyboard.Release(key);
            }

            Event.current = new Event { type = type, keyCode = key };
            StubPlayer.Gui();
            Event.current = new Event { type = EventType.Repaint };
        }

        /// <summary>Plays until it is so; the loop's time is the clock's.</summary>
        public static void Until(Func<bool> happened, string what, double withinS = 30)
        {
            var clock = Stopwatch.StartNew();
            double last = 0;
            while (!happened())
            {
                Assert.That(clock.Elapsed.TotalSeconds, Is.LessThan(withinS), $"{what} did not happen in time");
                Thread.Sleep(5);
                StubPlayer.Frame(clock.Elapsed.TotalSeconds - last);
                last = clock.Elapsed.TotalSeconds;
            }
        }

        public static void For(double seconds)
        {
            var clock = Stopwatch.StartNew();
            Until(() => clock.Elapsed.TotalSeconds >= seconds, "time");
        }
    }
}
