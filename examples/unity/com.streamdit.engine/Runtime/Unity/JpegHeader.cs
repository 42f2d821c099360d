#nullable enable
using System;

namespace StreamDit.Unity
{
    /// <summary>
    /// A JPEG's markers, read before anything is decoded: who sent it may be a stranger. A few kilobytes may claim to be
    /// gigabytes, or hold thousands of scans, each of which is a pass over the whole picture. The same rules as the
    /// Python SDK's.
    /// </summary>
    internal static class JpegHeader
    {
        private const int MaxSegments = 64; // before the picture: tables, comments, colour profiles
        private const byte Baseline = 0xC0;
        private const byte Scan = 0xDA;
        private const string BreaksOff = "a frame must be a JPEG: it breaks off before its picture";

        /// <summary>
        /// null, or for people why it is none of ours: a baseline JPEG of that size in one scan, grey or of three
        /// components.
        /// </summary>
        public static string? Trouble(ReadOnlySpan<byte> jpeg, int width, int height)
        {
            if (jpeg.Length < 2 || jpeg[0] != 0xFF || jpeg[1] != 0xD8)
            {
                return "a frame must be a JPEG: it does not begin as one";
            }

            int numComponents = 0; // 0: no frame header yet
            int at = 2;
            for (int count = 0; count < MaxSegments; count++)
            {
                string? trouble = Marker(jpeg, ref at, out byte marker) ?? Kind(marker);
                if (trouble != null)
                {
                    return trouble;
                }

                int length = at + 1 < jpeg.Length ? jpeg[at] << 8 | jpeg[at + 1] : 0;
                if (length < 2 || length > jpeg.Length - at)
                {
                    return BreaksOff;
                }

                ReadOnlySpan<byte> segment = jpeg.Slice(at + 2, length - 2);
                at += length;
                if (marker == Baseline)
                {
                    trouble = numComponents > 0
                        ? "a frame must hold one picture, the JPEG holds two frame headers"
                        : Header(segment, width, height, out numComponents);
                    if (trouble != null)
                    {
                        return trouble;
                    }
                }
                else if (marker == Scan)
                {
                    return OfOneScan(segment, numComponents, jpeg.Slice(at));
                }
            }

            return $"a frame must be a JPEG with at most {MaxSegments} segments before its picture, it has more";
        }

        /// <summary>The marker at that place, after fill bytes; `at` goes behind it.</summary>
        private static string? Marker(ReadOnlySpan<byte> jpeg, ref int at, out byte marker)
        {
            marker = 0;
            if (at >= jpeg.Length || jpeg[at] != 0xFF)
            {
                return "a frame must be a JPEG: it breaks off, or a marker is missing";
            }

            int end = at + 1;
            while (end < jpeg.Length && jpeg[end] == 0xFF)
            {
                end++;
                if (end - at > MaxSegments)
                {
                    return "a frame must be a JPEG: it is filled up with 0xFF";
                }
            }

            if (end >= jpeg.Length)
            {
                return BreaksOff;
            }

            marker = jpeg[end];
            at = end + 1;
            return null;
        }

        /// <summary>null if a baseline JPEG has that marker before its picture.</summary>
        private static string? Kind(byte marker)
        {
            // Huffman and quantisation tables, restarts, comments, what applications add.
            bool passedOver = marker == 0xC4 || marker == 0xDB || marker == 0xDD || marker == 0xFE
                || (marker >= 0xE0 && marker <= 0xEF);
            if (passedOver || marker == Baseline || marker == Scan)
            {
                return null;
            }

            if (marker > Baseline && marker <= 0xCF && marker != 0xC8)
            {
                return $"a frame must be a baseline JPEG, it is another kind (marker 0xFF{marker:X2})";
            }

            // TEM and RSTn: who took what follows for a length would miss a header that the decoder sees.
            bool withoutLength = marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7);
            string kind = withoutLength ? "without a length" : "that no baseline JPEG has there";
            return $"a frame must be a baseline JPEG, it holds a marker {kind} (0xFF{marker:X2})";
        }

        private static string? Header(ReadOnlySpan<byte> header, int width, int height, out int numComponents)
        {
            numComponents = 0;
            if (header.Length < 6 || header.Length != 6 + (3 * header[5]))
            {
                return "a frame must be a JPEG: its frame header has another length than it says";
            }

            (int foundHeight, int foundWidth) = (header[1] << 8 | header[2], header[3] << 8 | header[4]);
            if (foundWidth != width || foundHeight != height)
            {
                return $"a frame must be {width}x{height}, the JPEG is {foundWidth}x{foundHeight}";
            }

            if (header[0] != 8)
            {
                return $"a frame must be a JPEG of 8 bits, it has {header[0]}";
            }

            numComponents = header[5];
            return numComponents == 1 || numComponents == 3
                ? null
                : $"a frame must be a JPEG in grey or of three components, it has {numComponents}";
        }

        private static string? OfOneScan(ReadOnlySpan<byte> header, int numComponents, ReadOnlySpan<byte> picture)
        {
            if (numComponents == 0)
            {
                return "a frame must be a JPEG: its picture comes before its size";
            }

            if (header.Length != 4 + (2 * numComponents) || header[0] != numComponents)
            {
                return "a frame must be a JPEG of one scan, this one's holds some of the components only";
            }

            // Never inside a scan: there every 0xFF is followed by 0x00 or a restart marker.
            ReadOnlySpan<byte> another = stackalloc byte[] { 0xFF, Scan };
            return picture.IndexOf(another) < 0 ? null : "a frame must be a JPEG of one scan, it holds more";
        }
    }
}
