#nullable enable
using System;
using System.IO;
using Google.Protobuf;
using NUnit.Framework;
using Wire = Streamdit.V1;

namespace StreamDit.Tests
{
    /// <summary>The hand-written parser against the generated classes.</summary>
    public sealed class FrameParserTests
    {
        private readonly FrameMailbox _mailbox = new FrameMailbox(1, dropOldest: true);

        [Test]
        public void Every_field_of_a_frame_comes_through()
        {
            using FrameSlot slot = Parse(Full());
            Assert.That(slot.FrameId, Is.EqualTo(ulong.MaxValue));
            Assert.That(slot.PtsUs, Is.EqualTo(62_500));
            Assert.That(slot.LastEventId, Is.EqualTo(300));
            Assert.That(slot.Encoding, Is.EqualTo(Encoding.Rgb24));
            Assert.That((slot.Width, slot.Height), Is.EqualTo((2, 1)));
            Assert.That(slot.Payload.ToArray(), Is.EqualTo(new byte[] { 1, 2, 3, 4, 5, 6 }));
            Assert.That((slot.GenerateStartUs, slot.GenerateEndUs, slot.SendUs), Is.EqualTo((-5L, 1L << 40, 7L)));
            Assert.That((slot.EncodeUs, slot.Rung), Is.EqualTo((900L, 2)));
            Drops drops = slot.DroppedBefore;
            Assert.That((drops.Generate, drops.Encode, drops.Network), Is.EqualTo((1L, 0L, 130L)));
        }

        [Test]
        public void What_a_slot_held_before_is_gone()
        {
            Parse(Full()).Dispose();
            var small = new Wire.Frame
            {
                Width = 1, Height = 1, Encoding = Wire.Encoding.Jpeg, Payload = ByteString.CopyFrom(9),
            };
            using FrameSlot slot = Parse(small);
            Assert.That((slot.FrameId, slot.PtsUs, slot.LastEventId, slot.Rung), Is.EqualTo((0UL, 0L, 0UL, 0)));
            Assert.That(slot.Payload.ToArray(), Is.EqualTo(new byte[] { 9 }));
            Assert.That(slot.DroppedBefore.Total, Is.Zero);
        }

        [Test]
        public void Fields_of_a_newer_engine_are_passed_over()
        {
            byte[] frame = Full().ToByteArray();
            byte[] unknown = { 0xa0, 0x06, 0x05, 0xaa, 0x06, 0x02, 1, 2, 0xad, 0x06, 1, 2, 3, 4, 0xa9, 0x06, 1, 2, 3, 4, 5, 6, 7, 8 };
            var both = new byte[frame.Length + unknown.Length];
            unknown.CopyTo(both, 0);
            frame.CopyTo(both, unknown.Length);
            FrameSlot slot = _mailbox.Rent();
            FrameParser.Parse(both, slot);
            Assert.That(slot.Rung, Is.EqualTo(2));
        }

        [Test]
        public void A_frame_that_is_cut_short_anywhere_is_an_error_and_never_a_crash()
        {
            byte[] whole = Full().ToByteArray();
            for (int length = 0; length < whole.Length; length++)
            {
                FrameSlot slot = _mailbox.Rent();
                try
                {
                    FrameParser.Parse(whole.AsSpan(0, length), slot);
                    Assert.That(slot.PayloadLength, Is.EqualTo(6), $"{length} bytes were taken for a frame");
                }
                catch (InvalidDataException)
                {
                    // As it should be.
                }
            }
        }

        [Test]
        public void A_frame_that_is_not_what_its_header_says_is_named()
        {
            var wrong = new Wire.Frame
            {
                FrameId = 7, Width = 128, Height = 128, Encoding = Wire.Encoding.Rgb24, Payload = ByteString.CopyFrom(1, 2),
            };
            var error = Assert.Throws<InvalidDataException>(() => Parse(wrong));
            Assert.That(error!.Message, Is.EqualTo("frame 7 holds 2 bytes, 128x128 RGB24 is 49152"));
            wrong.Encoding = (Wire.Encoding)9;
            Assert.That(
                Assert.Throws<InvalidDataException>(() => Parse(wrong))!.Message,
                Is.EqualTo("frame 7 has encoding 9, never asked for"));
        }

        [TestCase(0u, 4u)]
        [TestCase(65535u, 65535u)] // what a JPEG's header can claim
        [TestCase(uint.MaxValue, 4u)]
        public void A_frame_of_a_size_that_nobody_takes_is_named(uint width, uint height)
        {
            var frame = new Wire.Frame { FrameId = 7, Width = width, Height = height, Encoding = Wire.Encoding.Jpeg };
            var error = Assert.Throws<InvalidDataException>(() => Parse(frame));
            Assert.That(error!.Message, Does.StartWith("frame 7 is ").And.EndWith(" pixels, 1..16777216 are taken"));
        }

        [Test]
        public void A_frame_from_the_wire_to_the_game_costs_no_garbage()
        {
            byte[] message = new Wire.ServerMessage { Frame = Full() }.ToByteArray();
            var convert = new Convert(_mailbox);
            for (int count = 0; count < 100; count++)
            {
                Receive(convert, message);
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int count = 0; count < 1000; count++)
            {
                Receive(convert, message);
            }

            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        }

        private void Receive(Convert convert, byte[] message)
        {
            _mailbox.Put(convert.Read(message).Frame!);
            if (_mailbox.TryTake(out FrameSlot? frame))
            {
                frame!.Dispose();
            }
        }

        private FrameSlot Parse(Wire.Frame frame)
        {
            byte[] message = new Wire.ServerMessage { Frame = frame }.ToByteArray();
            Assert.That(FrameParser.TryFind(message, out ReadOnlySpan<byte> body), Is.True);
            FrameSlot slot = _mailbox.Rent();
            FrameParser.Parse(body, slot);
            return slot;
        }

        private static Wire.Frame Full() => new Wire.Frame
        {
            FrameId = ulong.MaxValue,
            PtsUs = 62_500,
            LastEventId = 300,
            Encoding = Wire.Encoding.Rgb24,
            Width = 2,
            Height = 1,
            Payload = ByteString.CopyFrom(1, 2, 3, 4, 5, 6),
            GenerateStartUs = -5,
            GenerateEndUs = 1L << 40,
            SendUs = 7,
            EncodeUs = 900,
            Rung = 2,
            DroppedBefore = new Wire.Drops { Generate = 1, Network = 130 },
        };
    }
}
