#nullable enable
using System;

namespace StreamDit.Unity
{
    /// <summary>What a JPEG is, from its header alone: nothing is decoded.</summary>
    internal static class JpegHeader
    {
        private const byte EndOfImage = 0xD9;
        private const byte StartOfScan = 0xDA;

        /// <summary>null, or for people why it is none of ours: baseline and of the size that its frame says.</summary>
        public static string? Trouble(ReadOnlySpan<byte> jpeg, int width, int height)
        {
            int at = jpeg.Length >= 2 && jpeg[0] == 0xFF && jpeg[1] == 0xD8 ? 2 : jpeg.Length;
            while (at + 1 < jpeg.Length && jpeg[at] == 0xFF)
            {
                byte marker = jpeg[at + 1];
                if (marker == 0xFF)
                {
                    at++; // filling
                    continue;
                }

                at += 2;
                if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7))
                {
                    continue; // TEM and RSTn have no length
                }

                if (marker == EndOfImage || marker == StartOfScan || at + 7 > jpeg.Length)
                {
                    break;
                }

                if (IsFrame(marker))
                {
                    (int told, int wide) = (jpeg[at + 3] << 8 | jpeg[at + 4], jpeg[at + 5] << 8 | jpeg[at + 6]);
                    return marker > 0xC1 ? "a frame is a JPEG of another kind than baseline"
                        : wide == width && told == height ? null
                        : $"a frame says it is {width}x{height} but its JPEG is {wide}x{told}";
                }

                at += Math.Max(2, jpeg[at] << 8 | jpeg[at + 1]);
            }

            return $"a frame of {jpeg.Length} bytes is not a JPEG";
        }

        // SOF0 to SOF15, without DHT, JPG and DAC among them.
        private static bool IsFrame(byte marker) =>
            marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    }
}
