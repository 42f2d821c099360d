using System;
using Unity.Collections;

namespace UnityEngine
{
    public enum TextureFormat
    {
        RGB24 = 3,
        RGBA32 = 4,
    }

    public enum FilterMode
    {
        Point,
        Bilinear,
        Trilinear,
    }

    public enum TextureWrapMode
    {
        Repeat,
        Clamp,
        Mirror,
        MirrorOnce,
    }

    public class UnityException : SystemException
    {
        public UnityException(string message) : base(message)
        {
        }
    }

    public class Texture : Object
    {
        public virtual int width { get; set; }

        public virtual int height { get; set; }

        public FilterMode filterMode { get; set; } = FilterMode.Bilinear;

        public TextureWrapMode wrapMode { get; set; }
    }

    public class Texture2D : Texture
    {
        private byte[] _written; // what scripts write to
        private byte[] _shown; // what the GPU would have

        public Texture2D(int width, int height, TextureFormat textureFormat, bool mipChain)
        {
            if (mipChain)
            {
                throw new NotSupportedException("the stub has no mip levels");
            }

            Reinitialize(width, height, textureFormat);
        }

        public TextureFormat format { get; private set; }

        public NativeArray<T> GetRawTextureData<T>() where T : struct
        {
            StubNumRawData++;
            if (typeof(T) != typeof(byte))
            {
                throw new NotSupportedException("the stub has bytes only");
            }

            return new NativeArray<T>((T[])(object)_written);
        }

        public void Apply(bool updateMipmaps, bool makeNoLongerReadable) => _written.AsSpan().CopyTo(_shown);

        internal void Reinitialize(int width, int height, TextureFormat textureFormat)
        {
            this.width = width;
            this.height = height;
            format = textureFormat;
            _written = new byte[width * height * StubChannels];
            _shown = new byte[_written.Length];
        }

        /// <summary>Not Unity's: how often a script asked for its memory.</summary>
        public int StubNumRawData { get; private set; }

        internal int StubChannels => format == TextureFormat.RGBA32 ? 4 : 3;

        /// <summary>
        /// Not Unity's: what a shader samples at (u, v) of a quad, (0, 0) its lower left corner, with the texture
        /// coordinates that the rectangle says. The first row in memory is the bottom one, as in Unity.
        /// </summary>
        public Color32 StubSample(float u, float v, Rect uv)
        {
            float s = uv.x + u * uv.width;
            float t = uv.y + v * uv.height;
            int column = Math.Min((int)(s * width), width - 1);
            int row = Math.Min((int)(t * height), height - 1);
            int at = (row * width + column) * StubChannels;
            byte alpha = StubChannels == 4 ? _shown[at + 3] : (byte)255;
            return new Color32(_shown[at], _shown[at + 1], _shown[at + 2], alpha);
        }
    }

    public static class ImageConversion
    {
        /// <summary>Not Unity's: the next picture cannot be decoded.</summary>
        public static bool StubFails { get; set; }

        /// <summary>
        /// Reads a JPEG's size and resizes the texture, as Unity does; the stub cannot decode, so the picture is grey. What
        /// cannot be read leaves Unity's small question mark in the texture.
        /// </summary>
        public static bool LoadImage(this Texture2D tex, byte[] data, bool markNonReadable)
        {
            if (StubFails)
            {
                StubFails = false;
                tex.Reinitialize(8, 8, TextureFormat.RGB24);
                return false;
            }

            for (int at = 2; at + 9 < data.Length && data[0] == 0xFF && data[1] == 0xD8 && data[at] == 0xFF;)
            {
                int marker = data[at + 1];
                if (marker == 0xC0 || marker == 0xC2)
                {
                    int height = data[at + 5] << 8 | data[at + 6];
                    int width = data[at + 7] << 8 | data[at + 8];
                    tex.Reinitialize(width, height, TextureFormat.RGB24);
                    tex.GetRawTextureData<byte>().AsSpan().Fill(128);
                    tex.Apply(false, markNonReadable);
                    return true;
                }

                at += 2 + (data[at + 2] << 8 | data[at + 3]);
            }

            tex.Reinitialize(8, 8, TextureFormat.RGB24);
            return false;
        }
    }

    public sealed class SystemInfo
    {
        /// <summary>Not Unity's: a graphics card without RGB24.</summary>
        public static bool StubHasRgb24 { get; set; } = true;

        public static bool SupportsTextureFormat(TextureFormat format) => format != TextureFormat.RGB24 || StubHasRgb24;
    }
}
