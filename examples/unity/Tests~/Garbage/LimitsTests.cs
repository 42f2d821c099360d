#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using NUnit.Framework;
using Wire = Streamdit.V1;

namespace StreamDit.Tests
{
    /// <summary>An engine that means harm: what it says is counted before anything is built of it.</summary>
    public sealed class LimitsTests
    {
        private const int Megabyte = 1_000_000;
        private const int MostAllocated = 100_000;

        private static readonly IReadOnlyDictionary<string, byte[]> Attacks = new Dictionary<string, byte[]>
        {
            ["words of a notice"] = Field(5, Again(0x22, 0)),
            ["notices, one after another"] = Again(0x2a, 0),
            ["a second opening"] = Field(1, Field(2, Again(0x52, 0))),
            ["profiles of a world"] = Field(1, Field(2, Again(0x3a, 0))),
            ["a second opening's ways to steer"] = Field(1, Field(17, Again(1))),
            ["unknown fields"] = Again(0x78, 0),
            ["a frame of empty drops"] = Field(2, Again(0x6a, 0)),
            ["long numbers"] = Field(2, Again(0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0)),
            ["nested groups"] = Again(0x9b, 0x06),
            ["no message"] = Again(0xff),
            ["a length beyond the end"] = Field(5, Again(0x22, 0)).Take(5000).ToArray(),
        };

        private static IEnumerable<string> Names => Attacks.Keys;

        [TestCaseSource(nameof(Names))]
        public void A_message_that_holds_too_much_is_refused_and_costs_nothing(string attack)
        {
            Convert convert = Opened();
            byte[] message = Attacks[attack];
            Refused(convert, new byte[] { 0xff, 0xff }); // what an exception costs the first time
            long before = GC.GetAllocatedBytesForCurrentThread();
            var clock = Stopwatch.StartNew();
            string said = Refused(convert, message);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            TestContext.WriteLine($"{attack}: {allocated} bytes, {clock.Elapsed.TotalMilliseconds:F1} ms: {said}");
            Assert.That(allocated, Is.LessThan(MostAllocated));
        }

        [TestCase("words of a notice", "notice.words is more than 4096 fields, all of a message may hold 4096")]
        [TestCase("a second opening", "opened.world.vocabulary is more than 4096 fields, all of a message may hold 4096")]
        [TestCase("unknown fields", "message is more than 4096 fields, all of a message may hold 4096")]
        [TestCase(
            "a second opening's ways to steer",
            "opened.steered_by is 1000000 values long, a message may hold 16384 numbers")]
        [TestCase("nested groups", "a field has wire type 3, which no field of this protocol has")]
        public void What_was_too_much_is_named(string attack, string said) =>
            Assert.That(Refused(Opened(), Attacks[attack]), Is.EqualTo(said));

        [Test]
        public void A_small_message_that_is_none_broke_the_contract_too() =>
            Assert.That(Refused(Opened(), new byte[] { 0x2a, 0x02, 0x12, 0x05 }), Does.StartWith("it is unreadable"));

        [Test]
        public void A_world_of_many_words_is_taken_when_a_session_opens_and_not_later()
        {
            var world = new Wire.WorldInfo { Name = "wordy", Fps = 16, Width = 16, Height = 16 };
            world.Vocabulary.AddRange(Enumerable.Range(0, 20_000).Select(index => $"word{index}"));
            byte[] opened = Opening(world);
            var convert = new Convert(new FrameMailbox(1, dropOldest: true));
            Assert.That(convert.Read(opened).Opened!.World.Vocabulary, Has.Count.EqualTo(20_000));
            Assert.That(Refused(convert, opened), Does.StartWith("opened.world.vocabulary is more than 4096 fields"));
            world.Vocabulary.AddRange(Enumerable.Repeat("", 50_000));
            var another = new Convert(new FrameMailbox(1, dropOldest: true));
            Assert.That(Refused(another, Opening(world)), Does.StartWith("opened.world.vocabulary is more than 65536 fields"));
        }

        [Test]
        public void A_large_frame_is_taken()
        {
            var frame = new Wire.Frame
            {
                FrameId = 1,
                Encoding = Wire.Encoding.Rgb24,
                Width = 512,
                Height = 512,
                Payload = ByteString.CopyFrom(new byte[3 * 512 * 512]),
            };
            Incoming incoming = Opened().Read(new Wire.ServerMessage { Frame = frame }.ToByteArray());
            Assert.That(incoming.Frame!.PayloadLength, Is.EqualTo(3 * 512 * 512));
        }

        [Test]
        public void What_is_counted_is_what_the_protocol_has()
        {
            Compare(MessageLimits.ServerMessage, Wire.ServerMessage.Descriptor);
            Compare(MessageLimits.ServerInfo, Wire.GetServerInfoResponse.Descriptor);
        }

        private static void Compare(MessageLayout layout, MessageDescriptor descriptor)
        {
            for (int number = 1; number <= layout.MostNumber; number++)
            {
                if (descriptor.FindFieldByNumber(number) == null)
                {
                    Assert.That(layout.Name(number), Is.Null, $"{descriptor.FullName} {number}");
                }
            }

            foreach (FieldDescriptor field in descriptor.Fields.InFieldNumberOrder())
            {
                string what = $"{descriptor.FullName}.{field.Name}";
                Assert.That(layout.Name(field.FieldNumber), Is.EqualTo(field.Name), what);
                bool isMessage = field.FieldType == FieldType.Message;
                int packed = !field.IsRepeated || isMessage || field.FieldType == FieldType.String ? 0
                    : field.FieldType == FieldType.Float ? 4
                    : field.FieldType == FieldType.Double ? 8
                    : 1;
                Assert.That(layout.Packed(field.FieldNumber), Is.EqualTo(packed), what);
                Assert.That(layout.Parts(field.FieldNumber) != null, Is.EqualTo(isMessage), what);
                if (isMessage)
                {
                    Compare(layout.Parts(field.FieldNumber)!, field.MessageType);
                }
            }
        }

        /// <summary>Of a stream whose first message was read.</summary>
        private static Convert Opened()
        {
            var convert = new Convert(new FrameMailbox(1, dropOldest: true));
            convert.Read(Opening(new Wire.WorldInfo { Name = "fair", Fps = 16, Width = 16, Height = 16 }));
            return convert;
        }

        private static byte[] Opening(Wire.WorldInfo world) => new Wire.ServerMessage
        {
            Opened = new Wire.Opened
            {
                World = world, Encoding = Wire.Encoding.Rgb24, Delivery = Wire.Delivery.Latest, ApiVersion = 1,
            },
        }.ToByteArray();

        private static string Refused(Convert convert, byte[] message) =>
            Assert.Throws<InvalidDataException>(() => convert.Read(message))!.Message;

        private static byte[] Again(params byte[] part) =>
            Enumerable.Repeat(part, Megabyte / part.Length).SelectMany(all => all).ToArray();

        private static byte[] Field(int number, byte[] content)
        {
            using var written = new MemoryStream();
            using (var output = new CodedOutputStream(written, leaveOpen: true))
            {
                output.WriteTag(number, WireFormat.WireType.LengthDelimited);
                output.WriteBytes(ByteString.CopyFrom(content));
            }

            return written.ToArray();
        }
    }
}
