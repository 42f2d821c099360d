#nullable enable
using NUnit.Framework;

namespace StreamDit.Tests
{
    public sealed class ClockTests
    {
        [Test]
        public void Percentiles_lie_between_the_closest_ranks_and_forget_what_is_old()
        {
            var running = new RunningPercentiles(window: 4);
            Assert.That(running.Summary(), Is.Null);
            foreach (double value in new[] { 99.0, 1.0, 2.0, 3.0, 4.0 })
            {
                running.Add(value);
            }

            Percentiles found = running.Summary()!.Value;
            Assert.That((found.P50, found.Max), Is.EqualTo((2.5, 4.0)));
            Assert.That(found.P95, Is.EqualTo(3.85).Within(1e-9));
        }

        [Test]
        public void The_sample_with_the_shortest_round_trip_gives_the_offset()
        {
            var clock = new ClockOffset();
            Assert.That(clock.OffsetUs, Is.Null);
            clock.Heartbeat(sentUs: 0, serverUs: 5_000, receivedUs: 4_000); // held up on its way back
            clock.Heartbeat(sentUs: 10_000, serverUs: 11_100, receivedUs: 10_200);
            Assert.That(clock.OffsetUs, Is.EqualTo(1_000));
            Assert.That(clock.RoundTripMs, Is.EqualTo(0.2));
            for (int beat = 0; beat < 8; beat++)
            {
                clock.Heartbeat(sentUs: 0, serverUs: 2_000, receivedUs: 1_000);
            }

            Assert.That(clock.OffsetUs, Is.EqualTo(1_500));
        }

        [Test]
        public void A_dropped_frame_widens_both_gaps_and_is_no_jitter()
        {
            var jitter = new ArrivalJitter();
            jitter.Arrived(0, 0);
            jitter.Arrived(125_000, 125_000);
            jitter.Arrived(190_000, 187_500);
            Assert.That(jitter.JitterMs!.Value.Max, Is.EqualTo(2.5).Within(1e-9));
            Assert.That(jitter.IntervalMs!.Value.Max, Is.EqualTo(125.0).Within(1e-9));
        }

        [Test]
        public void Control_latency_ends_at_the_first_frame_that_carries_the_event()
        {
            var meter = new SessionMeter();
            var mailbox = new FrameMailbox(1, dropOldest: true);
            meter.Opened("a pig", resumed: false);
            meter.Sent(1, 0, "a fox");
            meter.Sent(2, 10_000, null);
            Arrive(meter, mailbox, lastEventId: 0, atUs: 50_000);
            Assert.That(meter.Reading(0).ControlLatencyMs, Is.Null);
            Assert.That(meter.Reading(0).PromptInForce, Is.EqualTo("a pig"));
            Arrive(meter, mailbox, lastEventId: 2, atUs: 110_000);
            Percentiles latency = meter.Reading(0).ControlLatencyMs!.Value;
            Assert.That((latency.P50, latency.Max), Is.EqualTo((105.0, 110.0)));
            Assert.That(meter.Reading(0).PromptInForce, Is.EqualTo("a fox"));
        }

        private static void Arrive(SessionMeter meter, FrameMailbox mailbox, ulong lastEventId, long atUs)
        {
            FrameSlot slot = mailbox.Rent();
            (slot.LastEventId, slot.ReceivedTimeUs, slot.PtsUs) = (lastEventId, atUs, atUs);
            meter.Arrived(slot);
            slot.Dispose();
        }
    }
}
