#nullable enable
using System.Diagnostics;
using System.Linq;
using System.Reflection;
using System.Threading;
using Cysharp.Net.Http;
using NUnit.Framework;
using StreamDit.Unity;
using UnityEditor;
using UnityEngine;

namespace StreamDit.Tests
{
    /// <summary>The editor window, outside of play mode, on a live engine.</summary>
    public sealed class WindowTests
    {
        [Test]
        public void It_connects_shows_the_picture_and_the_readings_and_leaves_nothing_behind()
        {
            UnityEngine.Application.isPlaying = false;
            Editor.StreamDitWindow.Open();
            EditorWindow window = EditorWindow.StubFind("StreamDitWindow");
            try
            {
                EditorGUILayout.StubTyped["Address"] = Engines.Shared.Address;
                GUI.StubClick = "Connect";
                Until(window, () => GUI.StubPictures.Count > 0, "a picture");
                Until(window, () => GUI.StubDrawn.Any(text => text.StartsWith("Pace: ") && !text.EndsWith("-")), "the pace");
                Assert.That(GUI.StubDrawn, Has.Some.EqualTo("World: critters, 128x128, profile responsive"));
                Assert.That(GUI.StubDrawn, Has.Some.EqualTo("Takes: prompt, state"));
                Assert.That(GUI.StubDrawn, Has.Some.EqualTo("Status: Playing"));
                Assert.That(GUI.StubDrawn, Has.Some.EqualTo("Drops: 0 generated late, 0 encoded late, 0 without credit")
                    .Or.Some.StartsWith("Drops: "));
                Assert.That(GUI.StubPictures[^1].TexCoords.height, Is.EqualTo(-1), "the picture stands on its head");

                EditorGUILayout.StubTyped["Prompt"] = "a frog in the mountains, rain";
                Draw(window);
                GUI.StubClick = "Send";
                Until(window, () => GUI.StubDrawn.Any(text => text.Contains("prompt applied")), "the prompt in the log");
            }
            finally
            {
                window.Close();
                UnityEngine.Application.isPlaying = true;
            }

            Lifetime.CloseAll("test over"); // waits for what is closed in the background
            Assert.That(YetAnotherHttpHandler.StubNumAlive, Is.Zero);
        }

        [Test]
        public void It_shows_what_steers_the_session_of_the_game()
        {
            using Engine engine = Engine.StartScript("steered.py");
            StreamDitBehaviour session = Stage.Session(engine.Address, settings => settings.prompt = "a square on grass");
            Editor.StreamDitWindow.Open();
            EditorWindow window = EditorWindow.StubFind("StreamDitWindow");
            try
            {
                Stage.Until(() => session.IsPlaying, "the session");
                Draw(window);
                Assert.That(GUI.StubDrawn, Has.Some.EqualTo("Takes: prompt, state, actions"));
                Assert.That(GUI.StubDrawn, Has.Some.EqualTo("Steered at the opening by: prompt"));
                Assert.That(GUI.StubDrawn, Has.Some.EqualTo("Steered now by: prompt"));
                session.Actions(new float[] { 1, 0, 0, 0 });
                Draw(window);
                Assert.That(GUI.StubDrawn, Has.Some.EqualTo("Steered now by: prompt, actions"));
                session.Session!.Release(Steering.Prompt);
                Draw(window);
                Assert.That(GUI.StubDrawn, Has.Some.EqualTo("Steered now by: actions"));
            }
            finally
            {
                window.Close();
                UnityEngine.Object.Destroy(session.gameObject);
            }
        }

        [Test]
        public void Its_address_outlives_a_reload_and_a_token_does_not()
        {
            using Engine engine = Engine.Start("--token", "sesame");
            Editor.StreamDitWindow.Open();
            EditorWindow window = EditorWindow.StubFind("StreamDitWindow");
            try
            {
                EditorGUILayout.StubTyped["Address"] = engine.Address;
                EditorGUILayout.StubTyped["Token"] = "sesame";
                GUI.StubClick = "Connect";
                Until(window, () => GUI.StubDrawn.Contains("Status: Playing"), "a session that needs a token");
                window = window.StubReloaded();
                GUI.StubClick = "Connect";
                Until(window, () => GUI.StubDrawn.Any(text => text.Contains("UNAUTHENTICATED") || text.Contains("token")), "a refusal");
                Assert.That(Lifetime.Last!.Settings.address, Is.EqualTo(engine.Address));
                Assert.That(Lifetime.Last.Settings.token, Is.Empty);
            }
            finally
            {
                window.Close();
            }
        }

        [Test]
        public void A_picture_keeps_its_shape()
        {
            byte[] wide = new byte[64 * 16 * 3];
            using var picture = new FrameTexture();
            picture.Show(Encoding.Rgb24, 64, 16, wide, wide.Length);
            typeof(Editor.StreamDitWindow).GetMethod("DrawPicture", BindingFlags.Static | BindingFlags.NonPublic)!
                .Invoke(null, new object[] { picture });
            Assert.That(GUI.StubPlace.width / GUI.StubPlace.height, Is.EqualTo(4));
        }

        private static void Until(EditorWindow window, System.Func<bool> happened, string what)
        {
            var clock = Stopwatch.StartNew();
            Draw(window);
            while (!happened())
            {
                Assert.That(clock.Elapsed.TotalSeconds, Is.LessThan(30), $"{what} did not happen in time");
                Thread.Sleep(20);
                EditorApplication.StubTick(0.05);
                Draw(window);
            }
        }

        private static void Draw(EditorWindow window)
        {
            GUI.StubDrawn.Clear();
            window.StubDraw();
        }
    }
}
