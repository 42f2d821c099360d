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
            Add(OutgoingKind.Action);
            ulong newest = Add(OutgoingKind.State);
            List<Outgoing> sent = Drain();
            Assert.That(sent.Select(one => one.Kind), Is.EqualTo(new[] { OutgoingKind.Action, OutgoingKind.State }));
            Assert.That(sent.Last().EventId, Is.EqualTo(newest));
        }

        [Test]
        public void Of_commands_sixteen_wait_and_of_source_frames_eight()
        {
            for (int count = 0; count < 20; count++)
            {
                Add(OutgoingKind.Action);
                Add(OutgoingKind.SourceFrame);
            }

            List<Outgoing> sent = Drain();
            Assert.That(sent.Count(one => one.Kind == OutgoingKind.Action), Is.EqualTo(Outbox.MaxCommands));
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
