#nullable enable
using System;

namespace StreamDit
{
    /// <summary>
    /// What a kind of message holds, by field number: names, messages, packed numbers. By hand, since protobuf's
    /// descriptors need what IL2CPP strips; a test compares it with them.
    /// </summary>
    internal sealed class MessageLayout
    {
        private readonly string?[] _names;
        private readonly MessageLayout?[] _parts;
        private readonly int[] _packed;

        /// <param name="names">Of fields 1, 2, 3, ..., with a `-` where there is none.</param>
        /// <param name="parts">What some of them hold.</param>
        public MessageLayout(string names, params (string Name, MessageLayout Parts)[] parts)
        {
            string[] inOrder = names.Split(' ');
            _names = new string?[inOrder.Length + 1];
            _parts = new MessageLayout?[_names.Length];
            _packed = new int[_names.Length];
            for (int index = 0; index < inOrder.Length; index++)
            {
                _names[index + 1] = inOrder[index] == "-" ? null : inOrder[index];
            }

            foreach ((string name, MessageLayout part) in parts)
            {
                _parts[Array.IndexOf(_names, name)] = part;
            }
        }

        /// <summary>Said of a field: it is a list of numbers, of so many bytes at least each.</summary>
        public MessageLayout WithNumbers(string name, int leastBytes)
        {
            _packed[Array.IndexOf(_names, name)] = leastBytes;
            return this;
        }

        public int MostNumber => _names.Length - 1;

        /// <summary>null: there is no such field.</summary>
        public string? Name(int number) => number < _names.Length ? _names[number] : null;

        /// <summary>What the message in that field holds; null: it is none.</summary>
        public MessageLayout? Parts(int number) => number < _names.Length ? _parts[number] : null;

        /// <summary>How long a number in that field's list is at least; 0: it is no such list.</summary>
        public int Packed(int number) => number < _names.Length ? _packed[number] : 0;
    }
}
