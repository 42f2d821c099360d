#nullable enable
using System;
using System.IO;

namespace StreamDit
{
    /// <summary>
    /// Takes a frame off the wire into a slot: one copy of the pixels, no garbage. Field numbers are those of
    /// engine.proto; a test compares it with the generated classes.
    /// </summary>
    internal static class FrameParser
    {
        public const int MaxPixels = 1 << 24; // of one frame, as in the Python SDK

        private const int FrameInServerMessage = 2;

        /// <summary>Whether a ServerMessage is a frame; `frame` is then the bytes of that field.</summary>
        public static bool TryFind(ReadOnlySpan<byte> serverMessage, out ReadOnlySpan<byte> frame)
        {
            var reader = new WireReader(serverMessage);
            while (reader.NextField() is int field && field != 0)
            {
                if (field == FrameInServerMessage)
                {
                    frame = reader.Bytes();
                    return true;
                }

                reader.Skip();
            }

            frame = default;
            return false;
        }

        /// <exception cref="InvalidDataException">It is cut short, or not what its header says.</exception>
        public static void Parse(ReadOnlySpan<byte> frame, FrameSlot slot)
        {
            Clear(slot);
            var reader = new WireReader(frame);
            while (reader.NextField() is int field && field != 0)
            {
                switch (field)
                {
                    case 1:
                        slot.FrameId = reader.Varint();
                        break;
                    case 2:
                        slot.PtsUs = (long)reader.Varint();
                        break;
                    case 3:
                        slot.LastEventId = reader.Varint();
                        break;
                    case 4:
                        slot.Encoding = (Encoding)reader.Varint();
                        break;
                    case 5:
                        slot.Width = (int)reader.Varint();
                        break;
                    case 6:
                        slot.Height = (int)reader.Varint();
                        break;
                    case 7:
                        CopyPayload(reader.Bytes(), slot);
                        break;
                    case 8:
                        slot.GenerateStartUs = (long)reader.Varint();
                        break;
                    case 9:
                        slot.GenerateEndUs = (long)reader.Varint();
                        break;
                    case 10:
                        slot.SendUs = (long)reader.Varint();
                        break;
                    case 11:
                        slot.EncodeUs = (long)reader.Varint();
                        break;
                    case 12:
                        slot.Rung = (int)reader.Varint();
                        break;
                    case 13:
                        slot.DroppedBefore = ParseDrops(reader.Bytes());
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }

            Check(slot);
        }

        private static void Clear(FrameSlot slot)
        {
            // proto3 leaves out what is 0, and the slot held another frame before.
            slot.FrameId = slot.LastEventId = 0;
            slot.PtsUs = slot.GenerateStartUs = slot.GenerateEndUs = slot.SendUs = slot.EncodeUs = 0;
            slot.Encoding = 0;
            slot.Width = slot.Height = slot.Rung = slot.PayloadLength = 0;
            slot.DroppedBefore = default;
        }

        private static void CopyPayload(ReadOnlySpan<byte> payload, FrameSlot slot)
        {
            if (slot.PayloadBuffer.Length < payload.Length)
            {
                // JPEGs differ in size: a quarter more, so that a buffer seldom has to grow twice.
                int room = slot.Encoding == Encoding.Rgb24 ? payload.Length : payload.Length + (payload.Length / 4);
                slot.PayloadBuffer = new byte[room];
            }

            payload.CopyTo(slot.PayloadBuffer);
            slot.PayloadLength = payload.Length;
        }

        private static Drops ParseDrops(ReadOnlySpan<byte> drops)
        {
            long generate = 0, encode = 0, network = 0;
            var reader = new WireReader(drops);
            while (reader.NextField() is int field && field != 0)
            {
                switch (field)
                {
                    case 1:
                        generate = (long)reader.Varint();
                        break;
                    case 2:
                        encode = (long)reader.Varint();
                        break;
                    case 3:
                        network = (long)reader.Varint();
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }

            return new Drops(generate, encode, network);
        }

        private static void Check(FrameSlot slot)
        {
            if (slot.Encoding != Encoding.Jpeg && slot.Encoding != Encoding.Rgb24)
            {
                throw new InvalidDataException($"frame {slot.FrameId} has encoding {(int)slot.Encoding}, never asked for");
            }

            long numPixels = (long)slot.Width * slot.Height;
            if (slot.Width <= 0 || slot.Height <= 0 || numPixels > MaxPixels)
            {
                throw new InvalidDataException(
                    $"frame {slot.FrameId} is {slot.Width}x{slot.Height} pixels, 1..{MaxPixels} are taken");
            }

            long expected = 3L * numPixels;
            if (slot.Encoding == Encoding.Rgb24 && slot.PayloadLength != expected)
            {
                throw new InvalidDataException(
                    $"frame {slot.FrameId} holds {slot.PayloadLength} bytes, "
                    + $"{slot.Width}x{slot.Height} RGB24 is {expected}");
            }
        }
    }
}
