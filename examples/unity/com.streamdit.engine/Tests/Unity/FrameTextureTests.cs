#nullable enable
using System;
using NUnit.Framework;
using StreamDit.Unity;
using Unity.Collections;
using UnityEngine;

namespace StreamDit.Tests
{
    /// <summary>From a frame's bytes to what a screen shows.</summary>
    public sealed class FrameTextureTests
    {
        private const int Width = 4;
        private const int Height = 2;

        // Two rows of four pixels: red above, blue below.
        private static readonly byte[] RedOverBlue =
        {
            255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0,
            0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255,
        };

        [TestCase(false, 3)]
        [TestCase(true, 4)]
        public void The_top_row_of_the_wire_is_shown_on_top(bool expand, int numChannels)
        {
            using var picture = new FrameTexture(expand);
            Assert.That(picture.Show(Encoding.Rgb24, Width, Height, RedOverBlue, RedOverBlue.Length), Is.Null);
            Assert.That(picture.Texture!.format, Is.EqualTo(expand ? TextureFormat.RGBA32 : TextureFormat.RGB24));
            Assert.That(Shown(picture, 0.5f, 0.9f, numChannels), Is.EqualTo((255, 0, 0)));
            Assert.That(Shown(picture, 0.5f, 0.1f, numChannels), Is.EqualTo((0, 0, 255)));
        }

        [Test]
        public void A_frame_may_lie_in_a_larger_buffer()
        {
            byte[] slot = new byte[100];
            RedOverBlue.CopyTo(slot, 0);
            using var picture = new FrameTexture();
            Assert.That(picture.Show(Encoding.Rgb24, Width, Height, slot, RedOverBlue.Length), Is.Null);
            Assert.That(Shown(picture, 0.1f, 0.9f, 3), Is.EqualTo((255, 0, 0)));
        }

        [Test]
        public void A_frame_whose_bytes_are_not_its_size_is_named_and_the_picture_stays()
        {
            using var picture = new FrameTexture();
            picture.Show(Encoding.Rgb24, Width, Height, RedOverBlue, RedOverBlue.Length);
            Texture2D? before = picture.Texture;
            string? trouble = picture.Show(Encoding.Rgb24, 8, 8, RedOverBlue, RedOverBlue.Length);
            Assert.That(trouble, Is.EqualTo("a frame says it is 8x8 but has 24 bytes instead of 192"));
            Assert.That(picture.Texture, Is.SameAs(before));
            Assert.That(Shown(picture, 0.5f, 0.9f, 3), Is.EqualTo((255, 0, 0)));
        }

        [Test]
        public void Frames_of_one_size_share_a_texture_and_another_size_gets_another()
        {
            using var picture = new FrameTexture();
            picture.Show(Encoding.Rgb24, Width, Height, RedOverBlue, RedOverBlue.Length);
            Texture2D? first = picture.Texture;
            picture.Show(Encoding.Rgb24, Width, Height, RedOverBlue, RedOverBlue.Length);
            Assert.That(picture.Texture, Is.SameAs(first));
            picture.Show(Encoding.Rgb24, 2, 4, RedOverBlue, RedOverBlue.Length);
            Assert.That((picture.Texture!.width, picture.Texture.height), Is.EqualTo((2, 4)));
        }

        // What decodes is Unity's; what is refused before it does is ours.
        [TestCase(0xC0, 8, 8, "a frame must be 4x2, the JPEG is 8x8")]
        [TestCase(0xC1, 4, 2, "a frame must be a baseline JPEG, it is another kind (marker 0xFFC1)")]
        [TestCase(0xC2, 4, 2, "a frame must be a baseline JPEG, it is another kind (marker 0xFFC2)")]
        [TestCase(0xC9, 4, 2, "a frame must be a baseline JPEG, it is another kind (marker 0xFFC9)")]
        [TestCase(0xDA, 4, 2, "a frame must be a JPEG: its picture comes before its size")]
        [TestCase(0x01, 4, 2, "a frame must be a baseline JPEG, it holds a marker without a length (0xFF01)")]
        public void A_jpeg_that_is_not_what_its_frame_says_is_refused_before_it_is_decoded(
            int marker, int width, int height, string trouble)
        {
            using var picture = new FrameTexture();
            picture.Show(Encoding.Rgb24, Width, Height, RedOverBlue, RedOverBlue.Length);
            Texture2D? before = picture.Texture;
            byte[] jpeg =
            {
                0xFF, 0xD8, 0xFF, (byte)marker, 0, 11, 8, (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width, 1,
                1, 0x11, 0, 0xFF, 0xD9,
            };
            Assert.That(picture.Show(Encoding.Jpeg, Width, Height, jpeg, jpeg.Length), Is.EqualTo(trouble));
            Assert.That(picture.Texture, Is.SameAs(before));
            Assert.That(Shown(picture, 0.5f, 0.9f, 3), Is.EqualTo((255, 0, 0)));
        }

        [Test]
        public void A_size_that_is_too_large_to_multiply_is_named()
        {
            using var picture = new FrameTexture();
            string? trouble = picture.Show(Encoding.Rgb24, 65536, 65536, RedOverBlue, 0);
            Assert.That(trouble, Is.EqualTo("a frame says it is 65536x65536 but has 0 bytes instead of 12884901888"));
        }

        [Test]
        public void An_unknown_encoding_is_named()
        {
            using var picture = new FrameTexture();
            Assert.That(picture.Show((Encoding)9, Width, Height, RedOverBlue, 24), Does.Contain("(9)"));
        }

        /// <summary>What is seen at (u, v) of a quad, (0, 0) its lower left corner. Unity's first row is the bottom one.</summary>
        private static (int, int, int) Shown(FrameTexture picture, float u, float v, int numChannels)
        {
            Texture2D texture = picture.Texture!;
            Rect uv = picture.UvRect;
            int column = Math.Min((int)((uv.x + u * uv.width) * texture.width), texture.width - 1);
            int row = Math.Min((int)((uv.y + v * uv.height) * texture.height), texture.height - 1);
            NativeArray<byte> pixels = texture.GetRawTextureData<byte>();
            int at = (row * texture.width + column) * numChannels;
            return (pixels[at], pixels[at + 1], pixels[at + 2]);
        }
    }
}
