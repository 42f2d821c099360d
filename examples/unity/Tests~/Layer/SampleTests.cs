#nullable enable
using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using NUnit.Framework;
using StreamDit.Samples;
using StreamDit.Unity;
using UnityEngine;

namespace StreamDit.Tests
{
    /// <summary>The samples play, and the critters' rules are those of the pygame example.</summary>
    public sealed class SampleTests
    {
        [Test]
        public void The_rules_are_the_pygame_examples_tick_by_tick()
        {
            string[] rows = File.ReadAllLines(Path.Combine(TestContext.CurrentContext.TestDirectory, "Layer", "critters.csv"));
            CritterGame game = CritterGame.Start;
            foreach (string row in rows.Skip(1))
            {
                string[] cells = row.Split(',');
                game = game.Tick(cells[0].Contains('L'), cells[0].Contains('R'), cells[0].Contains('J'));
                float[] played = { game.X, game.Y, game.Speed, game.Rise, game.Facing, game.Walk, game.Camera, game.Clock };
                float[] expected = cells.Skip(1).Select(cell => float.Parse(cell, CultureInfo.InvariantCulture)).ToArray();
                Assert.That(played, Is.EqualTo(expected).Within(1e-4f), row);
            }

            Assert.That(rows, Has.Length.GreaterThan(150));
        }

        [TearDown]
        public void LetGo()
        {
            StubKeyboard.Clear();
            StubKeyboard.Handling = StubHandling.New;
        }

        [TestCase(StubHandling.Old)]
        [TestCase(StubHandling.New)]
        public void Quad_shows_a_picture_and_takes_a_prompt(StubHandling handling)
        {
            StubKeyboard.Handling = handling;
            QuadSample sample = Sample<QuadSample>(Engines.Shared.Address);
            Stage.Until(() => Lifetime.Newest?.Picture.Texture != null, "a picture");
            StubPlayer.Frame(Stage.FrameS);
            StubKeyboard.Type(new string('\b', 40) + "a dukc\b\bck on a beach\r");
            Stage.Until(() => Drawn("now: a duck on a beach"), "the prompt in the picture");
            Lifetime.CloseAll("test over");
            UnityEngine.Object.Destroy(sample.gameObject);
        }

        [Test]
        public void A_drawn_critter_asks_for_the_textures_memory_once()
        {
            var picture = new CritterPicture();
            picture.Draw(CritterGame.Start);
            Assert.That(picture.Texture.StubNumRawData, Is.EqualTo(1), "each call goes into the engine");
        }

        [TestCase(StubHandling.Old)]
        [TestCase(StubHandling.New)]
        public void Critters_walks_where_the_keys_say_beside_the_generated_view(StubHandling handling)
        {
            StubKeyboard.Handling = handling;
            CrittersSample sample = Sample<CrittersSample>(Engines.Shared.Address);
            Stage.Until(() => Lifetime.Newest?.Picture.Texture != null, "a picture");
            Press(EventType.KeyDown, KeyCode.RightArrow);
            Stage.For(0.5);
            Press(EventType.KeyUp, KeyCode.RightArrow);
            Assert.That(sample.X, Is.GreaterThan(64));
            Stage.For(0.5);
            GUI.StubPictures.Clear();
            StubPlayer.Gui();
            Assert.That(GUI.StubPictures, Has.Count.EqualTo(2), "classic and generated");
            Assert.That(Lifetime.Newest!.Trouble, Is.Empty);
            Assert.That(Lifetime.Newest.Session!.Stats().ControlLatencyMs, Is.Not.Null, "no state reached a frame");
            UnityEngine.Object.Destroy(sample.gameObject);
            Assert.That(Lifetime.Newest, Is.Null);
        }

        [Test]
        public void Keys_plays_a_world_by_the_keys_that_it_proposes()
        {
            using Engine engine = Engine.StartScript("steered.py");
            KeysSample sample = Sample<KeysSample>(engine.Address);
            Stage.Until(() => Lifetime.Newest?.Picture.Texture != null, "a picture");
            Assert.That(Drawn("left: left   right: right   space: jump   : throttle"), Is.True);
            Press(EventType.KeyDown, KeyCode.RightArrow);
            Stage.Until(() => Lifetime.Newest!.Session!.Stats().ControlLatencyMs != null, "an obeyed set of actions");
            Press(EventType.KeyUp, KeyCode.RightArrow);
            Assert.That(Lifetime.Newest!.Trouble, Is.Empty);
            Lifetime.CloseAll("test over");
            UnityEngine.Object.Destroy(sample.gameObject);
        }

        /// <summary>As the inspector would have filled it in, and then played.</summary>
        private static T Sample<T>(string address)
            where T : MonoBehaviour
        {
            var place = new GameObject(typeof(T).Name);
            place.SetActive(false);
            T sample = place.AddComponent<T>();
            typeof(T).GetField("address", BindingFlags.Instance | BindingFlags.NonPublic)!.SetValue(sample, address);
            place.SetActive(true);
            return sample;
        }

        private static void Press(EventType type, KeyCode key) => Stage.Key(type, key);

        private static bool Drawn(string text)
        {
            GUI.StubDrawn.Clear();
            StubPlayer.Gui();
            return GUI.StubDrawn.Contains(text);
        }
    }
}
