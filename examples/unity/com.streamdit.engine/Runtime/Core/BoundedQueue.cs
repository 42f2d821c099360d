#nullable enable
using System.Collections.Generic;

namespace StreamDit
{
    /// <summary>From one thread to another: room for so many, the oldest falls out.</summary>
    internal sealed class BoundedQueue<T>
    {
        private readonly Queue<T> _items;
        private readonly int _capacity;

        public BoundedQueue(int capacity)
        {
            _items = new Queue<T>(capacity);
            _capacity = capacity;
        }

        public void Add(T item)
        {
            lock (_items)
            {
                if (_items.Count == _capacity)
                {
                    _items.Dequeue();
                }

                _items.Enqueue(item);
            }
        }

        public bool TryTake(out T item)
        {
            lock (_items)
            {
                return _items.TryDequeue(out item!);
            }
        }
    }
}
