#nullable enable
using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace StreamDit
{
    /// <summary>
    /// Frames on their way from the reader's thread to a game that looks at another pace. Thread-safe; taking never
    /// waits. Buffers are used again, so that a stream at rest allocates none.
    /// </summary>
    /// <remarks>
    /// With room for one it holds the latest frame: a newer one replaces it, counted in <see cref="NumReplaced"/>.
    /// With room for more and nothing to be dropped it is <see cref="Crowded"/> while it is full, and frames are no
    /// longer acknowledged, which stops the engine.
    /// </remarks>
    public sealed class FrameMailbox
    {
        private readonly object _lock = new object();
        private readonly int _capacity;
        private readonly bool _dropOldest;
        private readonly Queue<FrameSlot> _waiting = new Queue<FrameSlot>();
        private readonly Stack<FrameSlot> _free = new Stack<FrameSlot>();
        private readonly AsyncSignal _changed = new AsyncSignal();
        private bool _ended;
        private long _numReplaced;
        private int _numSlots;

        internal FrameMailbox(int capacity, bool dropOldest)
        {
            _capacity = capacity;
            _dropOldest = dropOldest;
        }

        /// <summary>Frames that a newer one replaced before anyone took them.</summary>
        public long NumReplaced => Interlocked.Read(ref _numReplaced);

        /// <summary>Frames that nobody has taken.</summary>
        public int Count
        {
            get
            {
                lock (_lock)
                {
                    return _waiting.Count;
                }
            }
        }

        /// <summary>Buffers made so far; it stands still once as many were in use as ever are at once.</summary>
        public int NumSlots
        {
            get
            {
                lock (_lock)
                {
                    return _numSlots;
                }
            }
        }

        internal bool Crowded => !_dropOldest && Count >= _capacity;

        /// <summary>The oldest frame that waits, which with room for one is the latest; dispose it after use.</summary>
        public bool TryTake(out FrameSlot? frame)
        {
            lock (_lock)
            {
                return _waiting.TryDequeue(out frame);
            }
        }

        /// <summary>Waits for a frame; null after the last. For one reader at a time.</summary>
        internal async ValueTask<FrameSlot?> TakeAsync(CancellationToken cancel)
        {
            using (cancel.CanBeCanceled ? cancel.Register(_changed.Set) : default)
            {
                while (true)
                {
                    lock (_lock)
                    {
                        if (_waiting.TryDequeue(out FrameSlot? frame) || _ended)
                        {
                            return frame;
                        }
                    }

                    cancel.ThrowIfCancellationRequested();
                    await _changed.WaitAsync().ConfigureAwait(false);
                }
            }
        }

        /// <summary>An empty buffer to be filled; then it is put or returned.</summary>
        internal FrameSlot Rent()
        {
            lock (_lock)
            {
                if (!_free.TryPop(out FrameSlot? slot))
                {
                    slot = new FrameSlot(this);
                    _numSlots++;
                }

                slot.Free = false;
                return slot;
            }
        }

        internal void Put(FrameSlot frame)
        {
            lock (_lock)
            {
                if (_ended)
                {
                    Free(frame);
                    return;
                }

                if (_dropOldest && _waiting.Count >= _capacity)
                {
                    Free(_waiting.Dequeue());
                    Interlocked.Increment(ref _numReplaced);
                }

                _waiting.Enqueue(frame);
            }

            _changed.Set();
        }

        internal void Return(FrameSlot frame)
        {
            lock (_lock)
            {
                if (frame.Free)
                {
                    throw new InvalidOperationException($"frame {frame.FrameId} was disposed before");
                }

                Free(frame);
            }
        }

        /// <summary>Frames that wait can still be had; no more come.</summary>
        internal void End()
        {
            lock (_lock)
            {
                _ended = true;
            }

            _changed.Set();
        }

        private void Free(FrameSlot frame)
        {
            frame.Free = true;
            _free.Push(frame);
        }
    }
}
