#nullable enable
using System;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;

namespace StreamDit.Tests
{
    public sealed class FrameMailboxTests
    {
        [Test]
        public void The_newest_frame_wins_and_the_replaced_are_counted()
        {
            var mailbox = new FrameMailbox(1, dropOldest: true);
            Put(mailbox, 1, 2, 3);
            Assert.That(mailbox.TryTake(out FrameSlot? frame), Is.True);
            Assert.That(frame!.FrameId, Is.EqualTo(3));
            Assert.That(mailbox.TryTake(out _), Is.False);
            Assert.That(mailbox.NumReplaced, Is.EqualTo(2));
        }

        [Test]
        public void A_frame_that_is_being_looked_at_is_not_written_over()
        {
            var mailbox = new FrameMailbox(1, dropOldest: true);
            Put(mailbox, 1);
            mailbox.TryTake(out FrameSlot? held);
            Put(mailbox, 2, 3, 4);
            Assert.That(held!.FrameId, Is.EqualTo(1));
            held.Dispose();
            Assert.That(mailbox.NumSlots, Is.EqualTo(3)); // looked at, waiting, being written
        }

        [Test]
        public void A_frame_is_given_back_once()
        {
            var mailbox = new FrameMailbox(1, dropOldest: true);
            Put(mailbox, 1);
            mailbox.TryTake(out FrameSlot? frame);
            frame!.Dispose();
            Assert.Throws<InvalidOperationException>(() => frame.Dispose());
        }

        [Test]
        public void Without_dropping_it_keeps_the_order_and_says_when_it_is_crowded()
        {
            var mailbox = new FrameMailbox(2, dropOldest: false);
            Put(mailbox, 1);
            Assert.That(mailbox.Crowded, Is.False);
            Put(mailbox, 2, 3);
            Assert.That(mailbox.Crowded, Is.True);
            for (ulong id = 1; id <= 3; id++)
            {
                mailbox.TryTake(out FrameSlot? frame);
                Assert.That(frame!.FrameId, Is.EqualTo(id));
            }

            Assert.That(mailbox.NumReplaced, Is.Zero);
        }

        [Test]
        public void A_reader_that_waits_gets_the_next_frame_and_null_after_the_last()
        {
            var mailbox = new FrameMailbox(1, dropOldest: true);
            ValueTask<FrameSlot?> waiting = mailbox.TakeAsync(CancellationToken.None);
            Put(mailbox, 1);
            Assert.That(Waited(waiting)!.FrameId, Is.EqualTo(1));
            Put(mailbox, 2);
            mailbox.End();
            Put(mailbox, 3); // nobody wants it any more
            Assert.That(Waited(mailbox.TakeAsync(CancellationToken.None))!.FrameId, Is.EqualTo(2));
            Assert.That(Waited(mailbox.TakeAsync(CancellationToken.None)), Is.Null);
        }

        [Test]
        public void A_reader_that_is_cancelled_stops_waiting()
        {
            var mailbox = new FrameMailbox(1, dropOldest: true);
            using var cancel = new CancellationTokenSource();
            Task<FrameSlot?> waiting = mailbox.TakeAsync(cancel.Token).AsTask();
            cancel.Cancel();
            var error = Assert.Catch<AggregateException>(() => waiting.Wait(millisecondsTimeout: 60_000));
            Assert.That(error!.GetBaseException(), Is.InstanceOf<OperationCanceledException>());
        }

        // Tests that are tasks need a newer Test Framework than 2022.3 comes with.
        private static FrameSlot? Waited(ValueTask<FrameSlot?> taking)
        {
            Task<FrameSlot?> task = taking.AsTask();
            Assert.That(task.Wait(millisecondsTimeout: 60_000), Is.True);
            return task.Result;
        }

        private static void Put(FrameMailbox mailbox, params int[] ids)
        {
            foreach (int id in ids)
            {
                FrameSlot slot = mailbox.Rent();
                slot.FrameId = (ulong)id;
                mailbox.Put(slot);
            }
        }
    }
}
