#nullable enable
using System;
using System.IO;

namespace StreamDit
{
    /// <summary>
    /// Walks over one message in protobuf's encoding (protobuf.dev, "Encoding") without making an object of it. Used
    /// for frames, whose pixels would else become a new byte string sixteen times a second, and for google.rpc.Status,
    /// whose generated classes Unity would need another library for.
    /// </summary>
    internal ref struct WireReader
    {
        private ReadOnlySpan<byte> _rest;
        private int _wireType;

        public WireReader(ReadOnlySpan<byte> message)
        {
            _rest = message;
            _wireType = -1;
        }

        /// <summary>The number of the next field; 0 at the end.</summary>
        public int NextField()
        {
            if (_rest.IsEmpty)
            {
                return 0;
            }

            ulong tag = RawVarint();
            _wireType = (int)(tag & 7);
            return (int)(tag >> 3);
        }

        public ulong Varint()
        {
            Expect(0);
            return RawVarint();
        }

        public ReadOnlySpan<byte> Bytes()
        {
            Expect(2);
            return Take(RawVarint());
        }

        public string Text() => System.Text.Encoding.UTF8.GetString(Bytes());

        /// <summary>Passes over a field that a newer engine may have added.</summary>
        public void Skip()
        {
            switch (_wireType)
            {
                case 0:
                    RawVarint();
                    break;
                case 1:
                    Take(8);
                    break;
                case 2:
                    Take(RawVarint());
                    break;
                case 5:
                    Take(4);
                    break;
                default:
                    throw new InvalidDataException($"wire type {_wireType} is none of protobuf's");
            }
        }

        private void Expect(int wireType)
        {
            if (_wireType != wireType)
            {
                throw new InvalidDataException($"wire type {_wireType}, expected {wireType}");
            }
        }

        private ReadOnlySpan<byte> Take(ulong numBytes)
        {
            if (numBytes > (ulong)_rest.Length)
            {
                throw new InvalidDataException($"{numBytes} bytes announced, {_rest.Length} are left");
            }

            ReadOnlySpan<byte> taken = _rest.Slice(0, (int)numBytes);
            _rest = _rest.Slice((int)numBytes);
            return taken;
        }

        private ulong RawVarint()
        {
            ulong value = 0;
            for (int index = 0; index < 10 && index < _rest.Length; index++)
            {
                byte part = _rest[index];
                value |= (ulong)(part & 0x7f) << (7 * index);
                if (part < 0x80)
                {
                    _rest = _rest.Slice(index + 1);
                    return value;
                }
            }

            throw new InvalidDataException("a number has no end");
        }
    }
}
