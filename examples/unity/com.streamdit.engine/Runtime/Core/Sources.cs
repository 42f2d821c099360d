#nullable enable
using System;

namespace StreamDit
{
    /// <summary>A game's own picture on its way to the engine.</summary>
    internal static class Sources
    {
        private const int MaxPayloadBytes = 1_000_000; // gRPC takes 1 MiB a message

        /// <exception cref="ArgumentException">The message names what is wrong with it.</exception>
        public static Outgoing Make(
            Outbox outbox, WorldInfo world, ReadOnlySpan<byte> payload, Encoding encoding, float strength)
        {
            int expected = 3 * world.Width * world.Height;
            if (!world.TakesSourceFrames)
            {
                throw new ArgumentException($"world '{world.Name}' takes no source frames");
            }

            if (encoding == Encoding.Rgb24 && payload.Length != expected)
            {
                throw new ArgumentException(
                    $"source frame is {payload.Length} bytes, "
                    + $"world '{world.Name}' takes {world.Width}x{world.Height} RGB24, {expected} bytes");
            }

            if (payload.Length > MaxPayloadBytes)
            {
                throw new ArgumentException($"source frame is {payload.Length} bytes, a message holds {MaxPayloadBytes}");
            }

            if (!(strength >= 0f && strength <= 1f))
            {
                throw new ArgumentException($"strength is {strength}, must be 0..1");
            }

            Outgoing source = outbox.Rent(OutgoingKind.SourceFrame);
            source.Payload = payload.ToArray();
            source.Encoding = encoding;
            source.Width = world.Width;
            source.Height = world.Height;
            source.Value = strength;
            return source;
        }
    }
}
