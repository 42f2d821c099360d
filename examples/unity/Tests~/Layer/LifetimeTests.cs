#nullable enable
using System.Diagnostics;
using System.Threading.Tasks;
using Cysharp.Net.Http;
using NUnit.Framework;
using StreamDit.Unity;
using UnityEditor;
using UnityEngine;

namespace StreamDit.Tests
{
    /// <summary>However a game ends, its session does first: told to the engine, and nothing of it left behind.</summary>
    public sealed class LifetimeTests
    {
        [OneTimeSetUp]
        public void LoadCode()
        {
            EditorApplication.StubLoad(typeof(Editor.EditorLifetime).Assembly);
            StubPlayer.Load(typeof(StreamDitBehaviour).Assembly);
        }

        [TestCase("domain reload")]
        [TestCase("play mode exit")]
        [TestCase("application quit")]
        [TestCase("editor quit")]
        [TestCase("component disabled")]
        [TestCase("object destroyed")]
        public async Task A_session_ends_cleanly(string ending)
        {
            using StreamDitClient other = Engines.Shared.Client();
            int numBefore = (await other.ServerInfoAsync()).ActiveSessions;
            StreamDitBehaviour behaviour = Stage.Session(Engines.Shared.Address);
            behaviour.gameObject.AddComponent<StreamDitScreen>();
            Stage.Until(() => behaviour.Link!.Picture.Texture != null, "a picture");
            StreamDitSession session = behaviour.Session!;
            EngineLink link = behaviour.Link!;
            string told = "";
            behaviour.OnClosed.AddListener(text => told = text);

            var clock = Stopwatch.StartNew();
            End(ending, behaviour);
            Assert.That(clock.Elapsed.TotalSeconds, Is.LessThan(2.0), "it kept the main thread");
            if (ending.StartsWith("component") || ending.StartsWith("object"))
            {
                // In the background: nothing waits but a reload.
                await Until.True(() => YetAnotherHttpHandler.StubNumAlive == 0, 5, "the end of the connection");
            }

            Assert.That(session.Closed?.Reason, Is.EqualTo(ClosedReason.ClientClosed));
            Assert.That(link.Closed?.Reason, Is.EqualTo(ClosedReason.ClientClosed));
            Assert.That(told, Does.StartWith("The game ended the session."));
            Assert.That(Lifetime.Newest, Is.Null);
            Assert.That(YetAnotherHttpHandler.StubNumAlive, Is.Zero, "a native handler outlived its session");
            StubPlayer.Frame(Stage.FrameS); // and the game goes on

            await Until.True(
                () => other.ServerInfoAsync().Result.ActiveSessions <= numBefore, 5, "the engine's end of it");
            UnityEngine.Object.Destroy(behaviour.gameObject);
        }

        [Test]
        public void After_a_reload_in_play_mode_it_plays_again()
        {
            StreamDitBehaviour behaviour = Stage.Session(Engines.Shared.Address);
            Stage.Until(() => behaviour.IsPlaying, "the first session");
            AssemblyReloadEvents.StubReload();
            behaviour.enabled = false; // what Unity does around a reload
            behaviour.enabled = true;
            Stage.Until(() => behaviour.IsPlaying, "the second session");
            UnityEngine.Object.Destroy(behaviour.gameObject);
        }

        [Test]
        public void Disabling_components_does_not_wait_for_an_engine_that_stands_still()
        {
            using Engine engine = Engine.Start("--max-sessions", "3");
            StreamDitBehaviour[] sessions = Played(engine, 3);
            engine.Stop();
            var clock = Stopwatch.StartNew();
            System.Array.ForEach(sessions, session => session.enabled = false);
            Assert.That(clock.Elapsed.TotalSeconds, Is.LessThan(0.3), "the main thread stood still");
            Assert.That(sessions, Has.All.Matches<StreamDitBehaviour>(
                session => session.Link!.Closed?.Reason == ClosedReason.ClientClosed));
            AssemblyReloadEvents.StubReload();
            Assert.That(clock.Elapsed.TotalSeconds, Is.LessThan(2.5), "a reload waits, but not for one after another");
            Assert.That(YetAnotherHttpHandler.StubNumAlive, Is.Zero, "a native handler outlived the reload");
        }

        [Test]
        public void A_reload_waits_for_several_sessions_at_once()
        {
            using Engine engine = Engine.Start("--max-sessions", "3");
            Played(engine, 3);
            engine.Stop();
            var clock = Stopwatch.StartNew();
            AssemblyReloadEvents.StubReload();
            Assert.That(clock.Elapsed.TotalSeconds, Is.LessThan(2.5), "it waited for one after another");
            Assert.That(YetAnotherHttpHandler.StubNumAlive, Is.Zero);
        }

        [Test]
        public void A_listener_that_opens_again_does_not_keep_a_reload_from_ending()
        {
            StreamDitBehaviour behaviour = Stage.Session(Engines.Shared.Address);
            Stage.Until(() => behaviour.IsPlaying, "the session");
            int numTold = 0;
            behaviour.OnClosed.AddListener(_ =>
            {
                Assert.That(++numTold, Is.LessThan(5), "it goes round in circles");
                behaviour.enabled = false;
                behaviour.enabled = true;
            });
            AssemblyReloadEvents.StubReload();
            Assert.That(numTold, Is.EqualTo(1));
            Assert.That(Lifetime.Newest, Is.Null, "something was opened that outlives the reload");
            Assert.That(YetAnotherHttpHandler.StubNumAlive, Is.Zero);
            UnityEngine.Object.Destroy(behaviour.gameObject);
        }

        [Test]
        public void A_listener_that_opens_again_at_an_address_that_is_none_gets_a_turn_each()
        {
            StreamDitBehaviour behaviour = Stage.Session("nowhere");
            int numTold = 0;
            behaviour.OnClosed.AddListener(_ =>
            {
                Assert.That(++numTold, Is.LessThan(50), "it goes round in circles");
                behaviour.enabled = false;
                behaviour.enabled = true;
            });
            Stage.Until(() => numTold == 3, "three tries");
            UnityEngine.Object.Destroy(behaviour.gameObject);
        }

        [Test]
        public void A_listener_that_throws_leaves_no_other_session_open()
        {
            StreamDitBehaviour[] sessions = Played(Engines.Shared, 3);
            foreach (StreamDitBehaviour session in sessions)
            {
                session.OnClosed.AddListener(_ => throw new System.InvalidOperationException("a listener's own fault"));
            }

            AssemblyReloadEvents.StubReload();
            Assert.That(Lifetime.Newest, Is.Null);
            Assert.That(YetAnotherHttpHandler.StubNumAlive, Is.Zero);
            Assert.That(UnityEngine.Debug.StubConsole, Has.Exactly(3).EqualTo("exception: a listener's own fault"));
        }

        [Test]
        public void Code_that_is_compiled_while_playing_leaves_no_texture_behind()
        {
            StreamDitBehaviour behaviour = Stage.Session(Engines.Shared.Address);
            behaviour.gameObject.AddComponent<StreamDitScreen>();
            Stage.Until(() => behaviour.Link!.Picture.Texture != null, "a picture");
            Texture2D texture = behaviour.Link!.Picture.Texture!;
            AssemblyReloadEvents.StubReload();
            Assert.That((bool)texture, Is.False, "it is held by nobody and never destroyed");
            UnityEngine.Object.Destroy(behaviour.gameObject);
        }

        private static StreamDitBehaviour[] Played(Engine engine, int count)
        {
            var sessions = new StreamDitBehaviour[count];
            for (int index = 0; index < count; index++)
            {
                sessions[index] = Stage.Session(engine.Address);
            }

            Stage.Until(() => System.Array.TrueForAll(sessions, session => session.IsPlaying), "all sessions");
            return sessions;
        }

        private static void End(string ending, StreamDitBehaviour behaviour)
        {
            switch (ending)
            {
                case "domain reload":
                    AssemblyReloadEvents.StubReload();
                    break;
                case "play mode exit":
                    EditorApplication.StubChange(PlayModeStateChange.ExitingPlayMode);
                    break;
                case "application quit":
                    UnityEngine.Application.StubQuit();
                    break;
                case "editor quit":
                    EditorApplication.StubQuit();
                    break;
                case "component disabled":
                    behaviour.enabled = false;
                    break;
                case "object destroyed":
                    UnityEngine.Object.Destroy(behaviour.gameObject);
                    break;
            }
        }
    }
}
