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
