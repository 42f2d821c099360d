#nullable enable
using System;
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

        private readonly bool _expand;
        private Texture2D? _texture;

        /// <param name="expand">
        /// Writes RGBA32, which every graphics card has; many keep RGB24 as that anyway and convert in the driver.
        /// Cards that do not take RGB24 at all get it unasked.
        /// </param>
        public FrameTexture(bool expand = false)
        {
            _expand = expand || !SystemInfo.SupportsTextureFormat(TextureFormat.RGB24);
        }

        /// <summary>null before the first frame; another one after a frame of another size.</summary>
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
            if (_texture != null)
            {
                // Destroy waits for the end of a frame, and in edit mode there is none.
                if (Application.isPlaying)
                {
                    UnityEngine.Object.Destroy(_texture);
                }
                else
                {
                    UnityEngine.Object.DestroyImmediate(_texture);
                }
            }

            _texture = null;
        }

        private string? ShowRaw(int width, int height, byte[] payload, int length)
        {
            if (width <= 0 || height <= 0 || length != width * height * 3)
            {
                return $"a frame says it is {width}x{height} but has {length} bytes instead of {width * height * 3}";
            }

            Texture2D texture = Sized(width, height, _expand ? TextureFormat.RGBA32 : TextureFormat.RGB24);
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
            byte[] exact = payload.Length == length ? payload : payload.AsSpan(0, length).ToArray();
            Texture2D texture = Sized(width, height, TextureFormat.RGB24);
            if (!texture.LoadImage(exact, false))
            {
                return $"a frame of {length} bytes is not a JPEG that Unity can read";
            }

            UvRect = BottomRowFirst;
            return texture.width == width && texture.height == height
                ? null
                : $"a frame says it is {width}x{height} but its JPEG is {texture.width}x{texture.height}";
        }

        private Texture2D Sized(int width, int height, TextureFormat format)
        {
            if (_texture != null && _texture.width == width && _texture.height == height && _texture.format == format)
            {
                return _texture;
            }

            Dispose();
            _texture = new Texture2D(width, height, format, false)
            {
                name = "StreamDiT frame",
                hideFlags = HideFlags.HideAndDontSave, // never part of a scene, and made anew after a reload
                wrapMode = TextureWrapMode.Clamp,
            };
            return _texture;
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
