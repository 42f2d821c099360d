#nullable enable
using Unity.Collections;
using UnityEngine;

namespace StreamDit.Samples
{
    /// <summary>The classic view: a drawn critter on a drawn ground, without any asset file.</summary>
    public sealed class CritterPicture
    {
        public const int Size = 128; // px, as the world's
        private const int GroundRow = 32; // px from below

        private static readonly Color32 Sky = new Color32(150, 200, 235, 255);
        private static readonly Color32 Grass = new Color32(96, 168, 88, 255);
        private static readonly Color32 DarkGrass = new Color32(80, 148, 76, 255);
        private static readonly Color32 Body = new Color32(236, 150, 170, 255);
        private static readonly Color32 Ink = new Color32(40, 32, 48, 255);

        private readonly Texture2D _texture = new Texture2D(Size, Size, TextureFormat.RGBA32, false)
        {
            hideFlags = HideFlags.HideAndDontSave,
            filterMode = FilterMode.Point,
        };

        private NativeArray<byte> _pixels;

        public Texture2D Texture => _texture;

        public void Draw(in CritterGame game)
        {
            _pixels = _texture.GetRawTextureData<byte>(); // once: each call goes into the engine
            for (int row = 0; row < Size; row++)
            {
                for (int column = 0; column < Size; column++)
                {
                    bool dark = ((column + (int)game.Camera) / 16) % 2 == 0;
                    Put(column, row, row >= GroundRow ? Sky : dark ? DarkGrass : Grass);
                }
            }

            int x = (int)game.X;
            int feet = GroundRow + (int)game.Y;
            int stride = game.Y > 0 ? 0 : game.Walk < 0.5f ? 2 : -2;
            Ellipse(x, feet + 14, 16, 12, Body);
            Ellipse(x + (int)game.Facing * 12, feet + 24, 9, 9, Body);
            Ellipse(x + (int)game.Facing * 15, feet + 26, 1, 1, Ink);
            Ellipse(x - 8 + stride, feet + 2, 3, 3, Ink);
            Ellipse(x + 8 - stride, feet + 2, 3, 3, Ink);
            _texture.Apply(false, false);
        }

        private void Ellipse(int x, int y, int halfWidth, int halfHeight, Color32 colour)
        {
            for (int row = -halfHeight; row <= halfHeight; row++)
            {
                for (int column = -halfWidth; column <= halfWidth; column++)
                {
                    float distance = (float)(column * column) / (halfWidth * halfWidth)
                        + (float)(row * row) / (halfHeight * halfHeight);
                    if (distance <= 1)
                    {
                        Put(x + column, y + row, colour);
                    }
                }
            }
        }

        private void Put(int column, int row, Color32 colour)
        {
            if (column >= 0 && column < Size && row >= 0 && row < Size)
            {
                int at = (row * Size + column) * 4;
                _pixels[at] = colour.r;
                _pixels[at + 1] = colour.g;
                _pixels[at + 2] = colour.b;
                _pixels[at + 3] = colour.a;
            }
        }
    }
}
