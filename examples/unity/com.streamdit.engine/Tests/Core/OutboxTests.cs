#nullable enable
using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;

namespace StreamDit.Tests
{
    public sealed class OutboxTests
    {
        private SessionMeter _meter = new SessionMeter();
        private Outbox _outbox = new Outbox(new SessionMeter());

        [SetUp]
        public void Empty()
        {
            _meter = new SessionMeter();
            _outbox = new Outbox(_meter);
        }

        [Test]
        public void A_newer_state_takes_the_place_of_one_that_waits()
        {
            Add(OutgoingKind.State);
            Add(OutgoingKind.Pause);
            ulong newest = Add(OutgoingKind.State);
            List<Outgoing> sent = Drain();
            Assert.That(sent.Select(one => one.Kind), Is.EqualTo(new[] { OutgoingKind.Pause, OutgoingKind.State }));
            Assert.That(sent.Last().EventId, Is.EqualTo(newest));
        }

        [Test]
        public void Of_commands_sixteen_wait_and_of_source_frames_eight()
        {
            for (int count = 0; count < 20; count++)
            {
                Add(OutgoingKind.Pause);
                Add(OutgoingKind.SourceFrame);
            }

            List<Outgoing> sent = Drain();
            Assert.That(sent.Count(one => one.Kind == OutgoingKind.Pause), Is.EqualTo(Outbox.MaxCommands));
            Assert.That(sent.Count(one => one.Kind == OutgoingKind.SourceFrame), Is.EqualTo(Outbox.MaxSources));
            Assert.That(sent.Select(one => one.EventId), Is.Ordered.Ascending);
            Assert.That(sent.Last().EventId, Is.EqualTo(40));
        }

        [Test]
        public void An_ack_stays_behind_what_was_said_before_it_and_replaces_an_older_one()
        {
            _outbox.Connect(0);
            _outbox.AddSignal(Ack(1), 0);
            Add(OutgoingKind.State);
            _outbox.AddSignal(Ack(2), 0);
            List<Outgoing> sent = Drain();
            Assert.That(sent.Select(one => one.Kind), Is.EqualTo(new[] { OutgoingKind.State, OutgoingKind.Ack }));
            Assert.That(sent[1].FrameId, Is.EqualTo(2));
        }

        [Test]
        public void Events_outlive_a_broken_connection_and_ids_go_on_above_what_was_heard()
        {
            _outbox.Connect(0);
            ulong before = Add(OutgoingKind.Prompt);
            _outbox.AddSignal(Ack(1), 0);
            _outbox.Disconnect();
            Assert.That(_outbox.Next(out bool over), Is.Null);
            Assert.That(over, Is.True);
            _outbox.Connect(9);
            Assert.That(Add(OutgoingKind.Pause), Is.EqualTo(10));
            List<Outgoing> sent = Drain();
            Assert.That(sent.Select(one => one.EventId), Is.EqualTo(new[] { before, 10UL }));
        }

        [Test]
        public void The_newest_set_of_actions_wins_and_no_press_is_lost()
        {
            AddActions(1f, 0f);
            AddActions(1f, 1f); // a tap of the second one, which no later set holds; the first is dropped
            AddActions(1f, 0f);
            ulong newest = AddActions(0f, 0f);
            List<Outgoing> sent = Drain();
            Assert.That(sent.Select(one => one.EventId), Is.EqualTo(new[] { newest - 2, newest - 1, newest }));
            AddActions(0f, 0f);
            ulong last = AddActions(1f, 0f);
            Assert.That(Drain().Select(one => one.EventId), Is.EqualTo(new[] { last }));
        }

        [Test]
        public void What_is_held_in_the_set_sent_last_is_no_press()
        {
            AddActions(1f, 0f);
            Drain();
            AddActions(1f, 0f);
            ulong newest = AddActions(0f, 0f);
            Assert.That(Drain().Select(one => one.EventId), Is.EqualTo(new[] { newest }));
        }

        [Test]
        public void Of_sets_with_presses_sixteen_wait()
        {
            for (int count = 0; count < 40; count++)
            {
                var values = new float[40];
                values[count] = 1f;
                AddActions(values);
            }

            Assert.That(Drain(), Has.Count.EqualTo(Outbox.MaxActions));
        }

        [Test]
        public void A_release_drops_what_waits_of_its_kind_and_takes_the_prompt_away()
        {
            AddActions(1f);
            Add(OutgoingKind.State);
            Add(OutgoingKind.Prompt, "a pig");
            Outgoing release = _outbox.Rent(OutgoingKind.Release);
            release.Released = new[] { Steering.Actions, Steering.Prompt };
            _outbox.AddEvent(release, 0);
            List<Outgoing> sent = Drain();
            Assert.That(sent.Select(one => one.Kind), Is.EqualTo(new[] { OutgoingKind.State, OutgoingKind.Release }));
            Assert.That(_meter.NewestPrompt, Is.EqualTo(""));
        }

        [Test]
        public void After_the_last_word_nothing_is_taken()
        {
            _outbox.Finish(_outbox.Rent(OutgoingKind.Close), 0);
            Assert.That(Add(OutgoingKind.State), Is.Zero);
            List<Outgoing> sent = Drain();
            Assert.That(sent.Single().Kind, Is.EqualTo(OutgoingKind.Close));
            Assert.That(_outbox.Next(out bool over), Is.Null);
            Assert.That(over, Is.True);
        }

        [Test]
        public void A_prompt_that_fell_out_is_not_the_newest_prompt()
        {
            Add(OutgoingKind.Prompt, "a pig");
            ulong refused = Add(OutgoingKind.Prompt, "a fox");
            Assert.That(_meter.NewestPrompt, Is.EqualTo("a fox"));
            _meter.Forget(refused);
            Assert.That(_meter.NewestPrompt, Is.EqualTo(""));
        }

        private ulong Add(OutgoingKind kind, string text = "")
        {
            Outgoing outgoing = _outbox.Rent(kind);
            outgoing.Text = text;
            return _outbox.AddEvent(outgoing, 0);
        }

        private ulong AddActions(params float[] values)
        {
            Outgoing actions = _outbox.Rent(OutgoingKind.Actions);
            actions.SetActions(System.Array.Empty<ActionInfo>(), values, default);
            return _outbox.AddEvent(actions, 0);
        }

        private Outgoing Ack(ulong frameId)
        {
            Outgoing ack = _outbox.Rent(OutgoingKind.Ack);
            ack.FrameId = frameId;
            return ack;
        }

        private List<Outgoing> Drain()
        {
            _outbox.Connect(0);
            var sent = new List<Outgoing>();
            while (_outbox.Next(out _) is Outgoing next)
            {
                sent.Add(next);
            }

            return sent;
        }
    }
}
