#nullable enable
using System;
using System.Collections.Generic;
using System.Threading;
using NUnit.Framework;
using StreamDit.Unity;
using UnityEngine;

namespace StreamDit.Tests
{
    /// <summary>A scene on a live engine: state in, pixels in the texture, events out.</summary>
    public sealed class SceneTests
    {
        [TestCase(Picture.Raw, false)]
        [TestCase(Picture.Raw, true)]
        public void The_sky_is_above_and_the_meadow_below(Picture picture, bool expand)
        {
            StreamDitBehaviour session = Stage.Session(Engines.Shared.Address, settings =>
            {
                (settings.picture, settings.expandToRgba) = (picture, expand);
                settings.prompt = "a pig in a meadow, day, clear";
            });
            MeshRenderer renderer = session.gameObject.AddComponent<MeshRenderer>();
            StreamDitScreen screen = session.gameObject.AddComponent<StreamDitScreen>();
            Stage.Until(() => screen.Texture != null, "a picture");
            Stage.For(1.5);

            Assert.That((screen.Texture!.width, screen.Texture.height), Is.EqualTo((128, 128)));
            (int red, int green, int blue) above = Mean(screen, 0.9f);
            (int red, int green, int blue) below = Mean(screen, 0.05f);
            Assert.That(above.blue, Is.GreaterThan(above.green), $"no sky above: {above}");
            Assert.That(below.green, Is.GreaterThan(below.blue), $"no meadow below: {below}");
            Assert.That(renderer.StubValue("_MainTex"), Is.SameAs(screen.Texture));
            Assert.That(renderer.StubValue("_MainTex_ST"), Is.EqualTo(new Vector4(1, -1, 0, 1)));
            Assert.That(renderer.StubNumPropertyBlocks, Is.EqualTo(1), "the renderer was told of every frame");
            UnityEngine.Object.Destroy(session.gameObject);
        }

        [Test]
        public void Jpeg_frames_reach_the_texture_and_are_not_turned_over_twice()
        {
            StreamDitBehaviour session = Stage.Session(Engines.Shared.Address, settings => settings.picture = Picture.Jpeg);
            StreamDitScreen screen = session.gameObject.AddComponent<StreamDitScreen>();
            Stage.Until(() => screen.Texture != null, "a picture");
            Assert.That(session.Opened!.Encoding, Is.EqualTo(Encoding.Jpeg));
            Assert.That((screen.Texture!.width, screen.Texture.height), Is.EqualTo((128, 128)));
            Assert.That(screen.UvRect.height, Is.EqualTo(1));
            UnityEngine.Object.Destroy(session.gameObject);
        }

        [Test]
        public void The_critter_goes_where_a_bound_property_says()
        {
            StreamDitBehaviour session = Stage.Session(Engines.Shared.Address);
            Mover mover = session.gameObject.AddComponent<Mover>();
            StreamDitScreen screen = session.gameObject.AddComponent<StreamDitScreen>();
            StreamDitStateSource state = session.gameObject.AddComponent<StreamDitStateSource>();
            // The game counts in metres from the middle, the world in pixels from the left.
            state.Bindings.Add(new StateBinding
            {
                field = "x", component = mover, member = "Place.x", scale = 16, offset = 64,
            });
            Stage.Until(() => screen.Texture != null, "a picture");
            mover.Place = new Vector3(-2, 0, 0);
            Stage.For(3);
            Assert.That(state.Values.ToArray(), Is.EqualTo(new float[] { 32, 0, 1, 0, 0, 0 }));
            float left = CritterColumn(screen);
            mover.Place = new Vector3(2, 0, 0);
            Stage.For(3);
            float right = CritterColumn(screen);
            Assert.That(left, Is.EqualTo(32).Within(16), "not where it was sent");
            Assert.That(right, Is.EqualTo(96).Within(16), "not where it was sent");
            Assert.That(session.Link!.Trouble, Is.Empty);
            UnityEngine.Object.Destroy(session.gameObject);
        }

        [Test]
        public void Prompt_and_opening_are_told_to_listeners()
        {
            var told = new List<string>();
            StreamDitBehaviour session = Stage.Session(Engines.Shared.Address);
            session.OnOpened.AddListener(() => told.Add("opened"));
            session.OnPromptApplied.AddListener(text => told.Add(text));
            Stage.Until(() => session.IsPlaying, "the session");
            session.Prompt("a fox in a forest at night");
            Stage.Until(() => told.Count >= 2, "the prompt in the picture");
            Assert.That(told, Is.EqualTo(new[] { "opened", "a fox in a forest at night" }));
            UnityEngine.Object.Destroy(session.gameObject);
        }

        [TestCase(true)]
        [TestCase(false)]
        public void A_paused_application_lets_the_engine_rest_if_it_is_ticked(bool ticked)
        {
            StreamDitBehaviour session = Playing();
            session.PauseWithApplication = ticked;
            StubPlayer.Pause(true);
            long received = FramesWhileAway(session);
            Assert.That(received, ticked ? Is.Zero : Is.GreaterThan(8));
            StubPlayer.Pause(false);
            long before = session.Session!.Stats().NumFrames;
            Stage.Until(() => session.Session!.Stats().NumFrames > before + 4, "frames again");
            UnityEngine.Object.Destroy(session.gameObject);
        }

        [Test]
        public void What_the_game_paused_stays_paused_when_the_application_comes_back()
        {
            StreamDitBehaviour session = Playing();
            session.Pause();
            StubPlayer.Pause(true);
            StubPlayer.Pause(false);
            Assert.That(FramesWhileAway(session), Is.Zero);
            session.Resume();
            long before = session.Session!.Stats().NumFrames;
            Stage.Until(() => session.Session!.Stats().NumFrames > before + 4, "frames again");
            UnityEngine.Object.Destroy(session.gameObject);
        }

        [Test]
        public void Buttons_switch_the_profile_restart_and_reopen()
        {
            StreamDitBehaviour session = Playing();
            Opened first = session.Opened!;
            session.SwitchProfile("cinematic");
            session.Restart();
            Stage.For(0.5);
            Assert.That(session.Link!.Trouble, Is.Empty);
            session.Reopen();
            Stage.Until(() => session.IsPlaying && !ReferenceEquals(session.Opened, first), "another session");
            UnityEngine.Object.Destroy(session.gameObject);
        }

        private static StreamDitBehaviour Playing()
        {
            StreamDitBehaviour session = Stage.Session(Engines.Shared.Address);
            Stage.Until(() => session.IsPlaying && session.Session!.Stats().NumFrames > 8, "frames");
            return session;
        }

        // What was on its way is let through first; no turn is played meanwhile.
        private static long FramesWhileAway(StreamDitBehaviour session)
        {
            Thread.Sleep(1500);
            long before = session.Session!.Stats().NumFrames;
            Thread.Sleep(1500);
            return session.Session.Stats().NumFrames - before;
        }

        [Test]
        public void An_update_allocates_nothing()
        {
            StreamDitBehaviour session = Stage.Session(Engines.Shared.Address);
            Mover mover = session.gameObject.AddComponent<Mover>();
            session.gameObject.AddComponent<MeshRenderer>();
            StreamDitScreen screen = session.gameObject.AddComponent<StreamDitScreen>();
            StreamDitStateSource state = session.gameObject.AddComponent<StreamDitStateSource>();
            state.Bindings.Add(new StateBinding { field = "x", component = mover, member = "Place.x" });
            Stage.Until(() => screen.Texture != null, "a picture");
            Stage.For(1.5);
            (long atRest, int numAtRest) = Allocated(session, turn => mover.Place = new Vector3(40, 0, 0));
            (long moving, int numMoving) = Allocated(session, turn => mover.Place = new Vector3(40 + turn % 40, 0, 0));
            TestContext.Progress.WriteLine($"Update: {atRest} bytes in {numAtRest} turns at rest, {moving} bytes in"
                + $" {numMoving} turns with a state that moves");
            Assert.That(atRest, Is.Zero, "bytes allocated by Update");
            Assert.That(moving / (double)numMoving, Is.LessThan(64), "bytes allocated by Update while state is sent");
            UnityEngine.Object.Destroy(session.gameObject);
        }

        /// <summary>Bytes that turns of the main thread allocated while 24 frames were shown.</summary>
        private static (long Bytes, int NumTurns) Allocated(StreamDitBehaviour session, Action<int> move)
        {
            const int numSettling = 20; // what is made once and kept
            (long bytes, int turn) = (0, 0);
            long shown = session.Session!.Stats().NumFrames;
            while (turn < numSettling + 50 || session.Session.Stats().NumFrames - shown < 24)
            {
                Thread.Sleep(5);
                move(turn);
                long before = GC.GetAllocatedBytesForCurrentThread();
                StubPlayer.Frame(0.005);
                bytes += turn < numSettling ? 0 : GC.GetAllocatedBytesForCurrentThread() - before;
                turn++;
            }

            return (bytes, turn - numSettling);
        }

        private static (int Red, int Green, int Blue) Mean(StreamDitScreen screen, float v)
        {
            (int red, int green, int blue) = (0, 0, 0);
            for (int column = 0; column < 128; column++)
            {
                Color32 seen = screen.Texture!.StubSample(column / 128f, v, screen.UvRect);
                (red, green, blue) = (red + seen.r, green + seen.g, blue + seen.b);
            }

            return (red / 128, green / 128, blue / 128);
        }

        /// <summary>Where the picture is pink, in px from the left.</summary>
        private static float CritterColumn(StreamDitScreen screen)
        {
            (float weighted, float sum) = (0, 0);
            for (int row = 30; row < 80; row++)
            {
                for (int column = 0; column < 128; column++)
                {
                    Color32 seen = screen.Texture!.StubSample(column / 128f, row / 128f, screen.UvRect);
                    float pink = Math.Max(0, seen.r - Math.Max(seen.g, seen.b) - 20);
                    (weighted, sum) = (weighted + pink * column, sum + pink);
                }
            }

            Assert.That(sum, Is.GreaterThan(0), "no pig in the picture");
            return weighted / sum;
        }

        private sealed class Mover : MonoBehaviour
        {
            public Vector3 Place { get; set; }
        }
    }
}
