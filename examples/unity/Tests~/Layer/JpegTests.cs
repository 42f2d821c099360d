#nullable enable
using System;
using System.Text.Json;
using NUnit.Framework;
using StreamDit.Unity;
using UnityEngine;

namespace StreamDit.Tests
{
    /// <summary>A JPEG that Unity cannot decode.</summary>
    public sealed class JpegTests
    {
        // The stub looks at the header alone.
        private static readonly byte[] Small =
        {
            0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, 0, 2, 0, 4, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0,
            0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0, 0xFF, 0xD9,
        };

        [Test]
        public void The_picture_before_it_stays()
        {
            using var picture = new FrameTexture();
            Assert.That(picture.Show(Encoding.Jpeg, 4, 2, Small, Small.Length), Is.Null);
            Texture2D before = picture.Texture!;
            ImageConversion.StubFails = true;
            Assert.That(picture.Show(Encoding.Jpeg, 4, 2, Small, Small.Length), Does.Contain("not a JPEG that Unity can read"));
            Assert.That(picture.Texture, Is.SameAs(before));
            Assert.That((before.width, before.height), Is.EqualTo((4, 2)), "Unity's question mark is shown");
            Assert.That(picture.Show(Encoding.Jpeg, 4, 2, Small, Small.Length), Is.Null, "and the next frame is shown");
        }

        [Test]
        public void What_the_Python_SDK_refuses_is_refused_here_in_the_same_words()
        {
            string[] lines = Python.Run("jpegs.py").Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.That(lines, Has.Length.GreaterThan(400));
            Assert.Multiple(() =>
            {
                foreach (string line in lines)
                {
                    JsonElement told = JsonDocument.Parse(line).RootElement;
                    byte[] jpeg = told[1].GetBytesFromBase64();
                    string? said = told[2].GetString();
                    Assert.That(JpegHeader.Trouble(jpeg, 64, 64), Is.EqualTo(said == null ? null : $"a frame {said}"), told[0].GetString());
                }
            });
        }
    }
}
