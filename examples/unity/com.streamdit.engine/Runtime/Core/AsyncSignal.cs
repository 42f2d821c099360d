#nullable enable
using System;
using System.Threading.Tasks;
using System.Threading.Tasks.Sources;

namespace StreamDit
{
    /// <summary>
    /// Wakes one waiter; set before anyone waits, it is remembered once. Allocates nothing after it was made, which a
    /// semaphore does at each wait.
    /// </summary>
    internal sealed class AsyncSignal : IValueTaskSource
    {
        private readonly object _lock = new object();
        private ManualResetValueTaskSourceCore<bool> _core;
        private bool _set;
        private bool _waited;

        public AsyncSignal()
        {
            // Else the waiter would run inside Set, under the locks of whoever calls it.
            _core.RunContinuationsAsynchronously = true;
        }

        public void Set()
        {
            lock (_lock)
            {
                if (!_waited)
                {
                    _set = true;
                    return;
                }

                _waited = false;
                // Under the lock: a waiter that sees the result at once may wait, and so reset, before this returns.
                _core.SetResult(true);
            }
        }

        /// <exception cref="InvalidOperationException">Another one waits already.</exception>
        public ValueTask WaitAsync()
        {
            lock (_lock)
            {
                if (_set)
                {
                    _set = false;
                    return default;
                }

                if (_waited)
                {
                    throw new InvalidOperationException("two waiters at one signal: it is for one");
                }

                _core.Reset();
                _waited = true;
                return new ValueTask(this, _core.Version);
            }
        }

        void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

        ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

        void IValueTaskSource.OnCompleted(
            Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);
    }
}
