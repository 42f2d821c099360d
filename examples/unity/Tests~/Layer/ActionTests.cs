#nullable enable
using System;
using System.Threading;
using NUnit.Framework;
using StreamDit.Unity;
using UnityEngine;

namespace StreamDit.Tests
{
    /// <summary>Keys become sets of actions, on an engine whose world is steered by them.</summary>
    public sealed class ActionTests
    {
        private Engine _engine = null!;
        private StreamDitBehaviour _session = null!;
        private StreamDitActionSource _actions = null!;

        [OneTimeSetUp]
        public void Dial() => _engine = Engine.StartScript("steered.py");

        [OneTimeTearDown]
        public void HangUp() => _engine?.Dispose();

        [TearDown]
        public void Leave()
        {
            UnityEngine.Object.Destroy(_session.gameObject);
            StubKeyboard.Clear();
            StubKeyboard.Handling = StubHandling.New;
        }

        [TestCase(StubHandling.Old)]
        [TestCase(StubHandling.New)]
        [TestCase(StubHandling.Both)]
        public void Keys_are_seen_whatever_input_system_the_project_uses(StubHandling handling)
        {
            StubKeyboard.Handling = handling;
            Play();
            Key(EventType.KeyDown, KeyCode.LeftArrow);
            Stage.Until(() => Sent()[0] == 1f, "the key");
            Key(EventType.KeyUp, KeyCode.LeftArrow);
            Stage.Until(() => Sent()[0] == 0f, "its end");
            Assert.That(_session.Link!.Trouble, Is.Empty);
        }

        [Test]
        public void A_tap_of_a_key_between_two_turns_is_held_in_one_set()
        {
            Play();
            Key(EventType.KeyDown, KeyCode.Space);
            Key(EventType.KeyUp, KeyCode.Space);
            Stage.Until(() => Sent()[2] == 1f, "the tap");
            Stage.Until(() => Sent()[2] == 0f, "its end");
        }

        [Test]
        public void A_key_that_the_input_system_does_not_have_is_told()
        {
            Play(new ActionBinding { action = "jump", key = KeyCode.Mouse0 });
            Assert.That(_session.Link!.Trouble, Does.Contain("Action 'jump' is for 'Mouse0'").And.Contain("call Hold"));
        }

        private void Play(params ActionBinding[] bindings)
        {
            _session = Stage.Session(_engine.Address, settings => settings.prompt = "");
            _actions = _session.gameObject.AddComponent<StreamDitActionSource>();
            _actions.Bindings.AddRange(bindings);
            Stage.Until(() => _actions.Values.Length > 0 && !float.IsNaN(_actions.Values[0]), "a first set");
        }

        private static void Key(EventType type, KeyCode key) => Stage.Key(type, key);

        private float[] Sent() => _actions.Values.ToArray();

        [Test]
        public void Nothing_held_is_said_once_and_then_what_the_worlds_own_keys_hold()
        {
            Play();
            Assert.That(Sent(), Is.EqualTo(new float[4]));
            Key(EventType.KeyDown, KeyCode.LeftArrow);
            Key(EventType.KeyDown, KeyCode.Space);
            Stage.For(0.3);
            Assert.That(Sent(), Is.EqualTo(new[] { 1f, 0f, 1f, 0f }));
            Key(EventType.KeyUp, KeyCode.Space);
            Stage.For(0.3);
            Assert.That(Sent(), Is.EqualTo(new[] { 1f, 0f, 0f, 0f }));
            Assert.That(_session.Link!.Trouble, Is.Empty);
        }

        [Test]
        public void Of_keys_that_exclude_each_other_the_last_one_holds_and_then_the_first_again()
        {
            Play();
            Key(EventType.KeyDown, KeyCode.LeftArrow);
            StubPlayer.Frame(Stage.FrameS); // which of two keys was last is known from turn to turn
            Key(EventType.KeyDown, KeyCode.RightArrow);
            Stage.For(0.3);
            Assert.That(Sent(), Is.EqualTo(new[] { 0f, 1f, 0f, 0f }));
            Key(EventType.KeyUp, KeyCode.RightArrow);
            Stage.For(0.3);
            Assert.That(Sent(), Is.EqualTo(new[] { 1f, 0f, 0f, 0f }));
        }

        [Test]
        public void A_tap_between_two_sets_is_held_in_one_of_them()
        {
            Play();
            _actions.Hold("jump");
            _actions.Hold("jump", 0f);
            _actions.Hold("throttle", -7f); // cut off at the axis' end
            Stage.Until(() => Sent()[2] == 1f, "the tap");
            Stage.Until(() => Sent()[2] == 0f, "its end");
            Assert.That(Sent(), Is.EqualTo(new[] { 0f, 0f, 0f, -1f }));
        }

        [Test]
        public void A_binding_of_ones_own_takes_the_place_of_the_worlds_keys()
        {
            Play(
                new ActionBinding { action = "throttle", key = KeyCode.UpArrow, value = 0.5f },
                new ActionBinding { action = "jmp", key = KeyCode.Space });
            Key(EventType.KeyDown, KeyCode.UpArrow);
            Key(EventType.KeyDown, KeyCode.LeftArrow);
            Stage.For(0.3);
            Assert.That(Sent(), Is.EqualTo(new[] { 0f, 0f, 0f, 0.5f }));
            Assert.That(_session.Link!.Trouble, Does.Contain("jmp").And.Contain("jump"));
        }

        [Test]
        public void Any_input_system_may_hold_an_action_by_name()
        {
            Play();
            _actions.Hold("jump");
            Stage.For(0.3);
            Assert.That(Sent(), Is.EqualTo(new[] { 0f, 0f, 1f, 0f }));
            _actions.Hold("jump", 0f);
            Stage.For(0.3);
            Assert.That(Sent(), Is.EqualTo(new float[4]));
            var error = Assert.Throws<ArgumentException>(() => _actions.Hold("fly"));
            Assert.That(error!.Message, Does.Contain("'fly' is unknown, world 'keys' has: left, right, jump"));
        }

        [Test]
        public void An_action_with_two_keys_is_held_until_both_are_up()
        {
            Play(
                new ActionBinding { action = "jump", key = KeyCode.Space },
                new ActionBinding { action = "jump", key = KeyCode.UpArrow },
                new ActionBinding { action = "throttle", key = KeyCode.RightArrow },
                new ActionBinding { action = "throttle", key = KeyCode.LeftArrow, value = -1f });
            Key(EventType.KeyDown, KeyCode.Space);
            Key(EventType.KeyDown, KeyCode.UpArrow);
            Key(EventType.KeyDown, KeyCode.LeftArrow);
            StubPlayer.Frame(Stage.FrameS); // which of two keys was last is known from turn to turn
            Key(EventType.KeyDown, KeyCode.RightArrow);
            Stage.For(0.3);
            Assert.That(Sent(), Is.EqualTo(new[] { 0f, 0f, 1f, 1f }));
            Key(EventType.KeyUp, KeyCode.Space);
            Key(EventType.KeyUp, KeyCode.RightArrow);
            Stage.For(0.3);
            Assert.That(Sent(), Is.EqualTo(new[] { 0f, 0f, 1f, -1f }));
            Key(EventType.KeyUp, KeyCode.UpArrow);
            Key(EventType.KeyUp, KeyCode.LeftArrow);
            Stage.For(0.3);
            Assert.That(Sent(), Is.EqualTo(new float[4]));
        }

        [Test]
        public void Disabled_it_lets_go_and_says_so()
        {
            Play();
            Key(EventType.KeyDown, KeyCode.LeftArrow);
            Stage.Until(() => Sent()[0] == 1f, "the key");
            _actions.enabled = false;
            Assert.That(Sent(), Is.EqualTo(new float[4]));
            Key(EventType.KeyUp, KeyCode.LeftArrow);
            _actions.enabled = true;
            Stage.For(0.3);
            Assert.That(Sent(), Is.EqualTo(new float[4]));
        }

        [Test]
        public void A_key_that_is_down_stays_held_when_the_session_is_opened_again()
        {
            Play();
            Key(EventType.KeyDown, KeyCode.LeftArrow);
            Stage.Until(() => Sent()[0] == 1f, "the key");
            Opened first = _session.Opened!;
            _session.enabled = false;
            _session.enabled = true;
            Stage.Until(() => _session.Opened != null && !ReferenceEquals(_session.Opened, first), "another session");
            Stage.For(0.3);
            Assert.That(Sent(), Is.EqualTo(new[] { 1f, 0f, 0f, 0f }));
            Assert.That(_session.Session!.Stats().ControlLatencyMs, Is.Not.Null, "it was not said to the new session");
        }

        [Test]
        public void A_turn_allocates_nothing()
        {
            Play();
            Stage.For(0.5);
            long atRest = Allocated(turn => { });
            // By code: what the stub's events cost is not the component's.
            long held = Allocated(turn => _actions.Hold("jump", turn / 8 % 2));
            TestContext.Progress.WriteLine($"Actions: {atRest} bytes in 200 turns at rest, {held} in 200 with keys that change");
            Assert.That(atRest, Is.Zero, "bytes allocated at rest");
            Assert.That(held / 200.0, Is.LessThan(64), "bytes allocated while actions are sent");
        }

        /// <summary>Bytes that 200 turns of the main thread allocated.</summary>
        private static long Allocated(Action<int> press)
        {
            const int numSettling = 40; // what is made once and kept
            long bytes = 0;
            for (int turn = 0; turn < numSettling + 200; turn++)
            {
                Thread.Sleep(5);
                long before = GC.GetAllocatedBytesForCurrentThread();
                press(turn);
                StubPlayer.Frame(0.005);
                bytes += turn < numSettling ? 0 : GC.GetAllocatedBytesForCurrentThread() - before;
            }

            return bytes;
        }

        [Test]
        public void A_world_without_actions_is_told_of_once_and_played_on()
        {
            _session = Stage.Session(Engines.Shared.Address);
            _session.gameObject.AddComponent<StreamDitActionSource>();
            Stage.Until(() => _session.Link!.Trouble.Length > 0, "a word about it");
            Assert.That(_session.Link!.Trouble, Does.Contain("'critters' takes no actions"));
            Assert.That(_session.IsPlaying, Is.True);
        }
    }
}
