using System;

namespace Unity.Collections
{
    /// <summary>A view of memory that someone else owns; here a managed array.</summary>
    public struct NativeArray<T> : IDisposable where T : struct
    {
        private readonly T[] _memory;

        internal NativeArray(T[] memory)
        {
            _memory = memory;
        }

        public int Length => _memory.Length;

        public T this[int index]
        {
            get => _memory[index];
            set => _memory[index] = value;
        }

        public Span<T> AsSpan() => _memory;

        public static void Copy(T[] src, int srcIndex, NativeArray<T> dst, int dstIndex, int length)
        {
            if (length < 0 || srcIndex + length > src.Length || dstIndex + length > dst.Length)
            {
                throw new ArgumentOutOfRangeException(nameof(length));
            }

            Array.Copy(src, srcIndex, dst._memory, dstIndex, length);
        }

        public void Dispose()
        {
        }
    }
}
