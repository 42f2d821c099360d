#nullable enable
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Unity.Collections;
using UnityEngine;

namespace StreamDit.Unity
{
    /// <summary>
    /// A texture that holds the newest frame. Raw frames cost one copy and one upload and allocate nothing; JPEG frames
    /// are decoded by Unity on the main thread and cost an array of their own size each.
    /// </summary>
    /// <remarks>
    /// Unity's first row is the bottom one, the wire's the top one. Turning the picture over costs nothing when the
    /// texture coordinates do it: draw it with <see cref="UvRect"/>. JPEGs are turned over by Unity's decoder already.
    /// </remarks>
    public sealed class FrameTexture : IDisposable
    {
        private static readonly Rect TopRowFirst = new Rect(0, 1, 1, -1);
        private static readonly Rect BottomRowFirst = new Rect(0, 0, 1, 1);

        // Textures outlive a reload of the code, which would lose sight of them.
        private static readonly HashSet<FrameTexture> Held = new HashSet<FrameTexture>();

        private readonly bool _expand;
        private Texture2D? _texture;
        private Texture2D? _spare; // a JPEG is decoded here, and shown if that went well

        /// <param name="expand">
        /// Writes RGBA32, which every graphics card has; many keep RGB24 as that anyway and convert in the driver.
        /// Cards that do not take RGB24 at all get it unasked.
        /// </param>
        public FrameTexture(bool expand = false)
        {
            _expand = expand || !SystemInfo.SupportsTextureFormat(TextureFormat.RGB24);
        }

        /// <summary>null before the first frame; another one after a frame of another size, and two in turn for JPEGs.</summary>
        public Texture2D? Texture => _texture;

        /// <summary>The texture coordinates that show it the right way up.</summary>
        public Rect UvRect { get; private set; } = TopRowFirst;

        /// <summary>Shows a frame. What cannot be shown leaves the picture before it in place.</summary>
        /// <returns>null, or for people what is wrong with the frame.</returns>
        public string? Show(FrameSlot frame) =>
            Show(frame.Encoding, frame.Width, frame.Height, frame.PayloadBuffer, frame.PayloadLength);

        /// <param name="payload">The frame is in its first <paramref name="length"/> bytes.</param>
        public string? Show(Encoding encoding, int width, int height, byte[] payload, int length)
        {
            return encoding switch
            {
                Encoding.Rgb24 => ShowRaw(width, height, payload, length),
                Encoding.Jpeg => ShowJpeg(width, height, payload, length),
                _ => $"a frame came in an encoding this package does not know ({(int)encoding})",
            };
        }

        public void Dispose()
        {
            Destroy(ref _texture);
            Destroy(ref _spare);
            Held.Remove(this);
        }

        /// <summary>Before the code is loaded anew, which would lose sight of them.</summary>
        internal static void DisposeAll()
        {
            foreach (FrameTexture held in new List<FrameTexture>(Held))
            {
                held.Dispose();
            }
        }

        private static void Destroy(ref Texture2D? texture)
        {
            if (texture != null)
            {
                // Destroy waits for the end of a frame, and in edit mode there is none.
                if (Application.isPlaying)
                {
                    UnityEngine.Object.Destroy(texture);
                }
                else
                {
                    UnityEngine.Object.DestroyImmediate(texture);
                }
            }

            texture = null;
        }

        private string? ShowRaw(int width, int height, byte[] payload, int length)
        {
            long expected = (long)width * height * 3;
            if (width <= 0 || height <= 0 || length != expected)
            {
                return $"a frame says it is {width}x{height} but has {length} bytes instead of {expected}";
            }

            Texture2D texture = Sized(ref _texture, width, height, _expand ? TextureFormat.RGBA32 : TextureFormat.RGB24);
            NativeArray<byte> pixels = texture.GetRawTextureData<byte>();
            if (_expand)
            {
                Expand(new ReadOnlySpan<byte>(payload, 0, length), pixels.AsSpan());
            }
            else
            {
                NativeArray<byte>.Copy(payload, 0, pixels, 0, length);
            }

            texture.Apply(false, false);
            UvRect = TopRowFirst;
            return null;
        }

        private string? ShowJpeg(int width, int height, byte[] payload, int length)
        {
            // The size is read first: a few kilobytes may claim to be gigabytes.
            string? trouble = JpegHeader.Trouble(payload.AsSpan(0, length), width, height);
            if (trouble != null)
            {
                return trouble;
            }

            byte[] exact = payload.Length == length ? payload : payload.AsSpan(0, length).ToArray();
            Texture2D decoded = Sized(ref _spare, width, height, TextureFormat.RGB24);
            if (!decoded.LoadImage(exact, false) || decoded.width != width || decoded.height != height)
            {
                return $"a frame of {length} bytes is not a JPEG that Unity can read";
            }

            (_texture, _spare) = (decoded, _texture);
            UvRect = BottomRowFirst;
            return null;
        }

        private Texture2D Sized(ref Texture2D? texture, int width, int height, TextureFormat format)
        {
            if (texture != null && texture.width == width && texture.height == height && texture.format == format)
            {
                return texture;
            }

            Destroy(ref texture);
            texture = new Texture2D(width, height, format, false)
            {
                name = "StreamDiT frame",
                hideFlags = HideFlags.HideAndDontSave, // never part of a scene, and made anew after a reload
                wrapMode = TextureWrapMode.Clamp,
            };
            Held.Add(this);
            return texture;
        }

        // One write of four bytes per pixel; every platform of Unity is little-endian.
        private static void Expand(ReadOnlySpan<byte> rgb, Span<byte> rgba)
        {
            Span<uint> pixels = MemoryMarshal.Cast<byte, uint>(rgba);
            int from = 0;
            for (int pixel = 0; pixel < pixels.Length; pixel++)
            {
                pixels[pixel] = 0xFF000000u | (uint)rgb[from + 2] << 16 | (uint)rgb[from + 1] << 8 | rgb[from];
                from += 3;
            }
        }
    }
}
