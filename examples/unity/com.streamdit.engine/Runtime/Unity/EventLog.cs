#nullable enable
using System.Collections.Generic;

namespace StreamDit.Unity
{
    /// <summary>What happened, for the editor window; the oldest line falls out.</summary>
    public sealed class EventLog
    {
        private readonly int _capacity;
        private readonly Queue<string> _lines = new Queue<string>();

        public EventLog(int capacity = 200)
        {
            _capacity = capacity;
        }

        /// <summary>Oldest first.</summary>
        public IEnumerable<string> Lines => _lines;

        public void Add(double seconds, string text)
        {
            if (_lines.Count == _capacity)
            {
                _lines.Dequeue();
            }

            _lines.Enqueue($"{seconds,8:0.0} s  {text}");
        }
    }
}
