#nullable enable
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;

namespace StreamDit
{
    /// <summary>
    /// Frames as they came in an MP4 container (ISO/IEC 14496-12 and -14): Motion JPEG, or QuickTime's raw RGB24. Every
    /// frame is a key frame and lasts as long. What FFmpeg reads, and so the Python SDK, without an encoder here.
    /// </summary>
    internal sealed class FrameFile
    {
        private const int JpegObject = 0x6c; // object type indication of ISO/IEC 10918-1 in an `esds`
        private const uint TimeScale = 48_000; // ticks a second; whole frames at all usual rates

        private readonly FileStream _file;
        private readonly WorldInfo _world;
        private readonly Encoding _encoding;
        private readonly List<uint> _sizes = new List<uint>();
        private readonly long _mdatAt;

        public FrameFile(string path, WorldInfo world, Encoding encoding)
        {
            _world = world;
            _encoding = encoding;
            _file = new FileStream(path, FileMode.Create, FileAccess.Write);
            _file.Write(Box("ftyp", Ascii("isom"), U32(0x200), Ascii("isomiso2mp41qt  ")));
            _mdatAt = _file.Position;
            // A size of 1: the real one follows in 64 bits, written when it is known.
            _file.Write(Join(U32(1), Ascii("mdat"), U64(0)));
        }

        /// <exception cref="IOException">The disk is full or gone.</exception>
        public void Add(FrameSlot frame)
        {
            if (frame.Encoding != _encoding || frame.Width != _world.Width || frame.Height != _world.Height)
            {
                throw new IOException(
                    $"it is {frame.Width}x{frame.Height} {frame.Encoding}, "
                    + $"the recording is {_world.Width}x{_world.Height} {_encoding}");
            }

            _file.Write(frame.PayloadBuffer, 0, frame.PayloadLength);
            _sizes.Add((uint)frame.PayloadLength);
        }

        public void Finish()
        {
            using (_file)
            {
                long endAt = _file.Position;
                _file.Write(Movie());
                _file.Position = _mdatAt + 8;
                _file.Write(U64((ulong)(endAt - _mdatAt)));
            }
        }

        private byte[] Movie()
        {
            uint count = (uint)_sizes.Count;
            uint frameTicks = (uint)Math.Round(TimeScale / _world.Fps);
            uint ticks = count * frameTicks;
            byte[] header = Full("mvhd", U32(0), U32(0), U32(TimeScale), U32(ticks), U32(0x10000), U16(0x100), new byte[10],
                Matrix(), new byte[24], U32(2));
            byte[] track = Full("tkhd", 3, U32(0), U32(0), U32(1), U32(0), U32(ticks), new byte[8], U16(0), U16(0), U16(0),
                U16(0), Matrix(), U32((uint)_world.Width << 16), U32((uint)_world.Height << 16));
            byte[] mediaHeader = Full("mdhd", U32(0), U32(0), U32(TimeScale), U32(ticks), U16(0x55c4), U16(0));
            byte[] handler = Full("hdlr", U32(0), Ascii("vide"), new byte[12], Ascii("frames"), new byte[1]);
            byte[] data = Box("dinf", Full("dref", U32(1), Full("url ", 1)));
            byte[] samples = Box(
                "stbl",
                Full("stsd", U32(1), SampleEntry()),
                Full("stts", U32(1), U32(count), U32(frameTicks)),
                Full("stsc", U32(1), U32(1), U32(Math.Max(1, count)), U32(1)),
                Full("stsz", U32(0), U32(count), Sizes()),
                Full("co64", U32(1), U64((ulong)_mdatAt + 16)));
            byte[] information = Box("minf", Full("vmhd", 1, new byte[8]), data, samples);
            return Box("moov", header, Box("trak", track, Box("mdia", mediaHeader, handler, information)));
        }

        private byte[] SampleEntry()
        {
            byte[] entry = Join(
                new byte[6], U16(1), new byte[16], U16(_world.Width), U16(_world.Height), U32(0x480000), U32(0x480000),
                U32(0), U16(1), new byte[32], U16(24), U16(0xffff));
            return _encoding == Encoding.Rgb24 ? Box("raw ", entry) : Box("mp4v", entry, Descriptor());
        }

        private static byte[] Descriptor()
        {
            // DecoderConfigDescriptor: a visual stream (4 << 2 | 1), bit rates unknown.
            byte[] decoder = Tagged(4, new byte[] { JpegObject, 0x11, 0, 0, 0 }, U32(0), U32(0));
            return Full("esds", Tagged(3, U16(1), new byte[] { 0 }, decoder, Tagged(6, new byte[] { 2 })));
        }

        private byte[] Sizes()
        {
            var all = new byte[4 * _sizes.Count];
            for (int index = 0; index < _sizes.Count; index++)
            {
                BinaryPrimitives.WriteUInt32BigEndian(all.AsSpan(4 * index), _sizes[index]);
            }

            return all;
        }

        private static byte[] Matrix() => Join(
            U32(0x10000), U32(0), U32(0), U32(0), U32(0x10000), U32(0), U32(0), U32(0), U32(0x40000000));

        private static byte[] Box(string type, params byte[][] parts)
        {
            byte[] content = Join(parts);
            return Join(U32((uint)content.Length + 8), Ascii(type), content);
        }

        private static byte[] Full(string type, params byte[][] parts) => Full(type, 0, parts);

        private static byte[] Full(string type, uint flags, params byte[][] parts) => Box(type, U32(flags), Join(parts));

        private static byte[] Tagged(byte tag, params byte[][] parts)
        {
            byte[] content = Join(parts);
            return Join(new[] { tag, (byte)content.Length }, content);
        }

        private static byte[] Join(params byte[][] parts)
        {
            using var joined = new MemoryStream();
            foreach (byte[] part in parts)
            {
                joined.Write(part, 0, part.Length);
            }

            return joined.ToArray();
        }

        private static byte[] Ascii(string text) => System.Text.Encoding.ASCII.GetBytes(text);

        private static byte[] U16(int value) => new[] { (byte)(value >> 8), (byte)value };

        private static byte[] U32(uint value)
        {
            var bytes = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
            return bytes;
        }

        private static byte[] U64(ulong value)
        {
            var bytes = new byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
            return bytes;
        }
    }
}
