#nullable enable
using System.Threading.Tasks;
using NUnit.Framework;

namespace StreamDit.Tests
{
    public sealed class AsyncSignalTests
    {
        [Test]
        public void A_signal_set_before_anyone_waits_is_remembered_once()
        {
            var signal = new AsyncSignal();
            signal.Set();
            signal.Set();
            Assert.That(signal.WaitAsync().IsCompletedSuccessfully, Is.True);
            ValueTask second = signal.WaitAsync();
            Assert.That(second.IsCompleted, Is.False);
            signal.Set();
            Assert.That(second.AsTask().Wait(millisecondsTimeout: 60_000), Is.True);
        }

        [Test]
        public void No_signal_is_lost_between_two_threads()
        {
            var there = new AsyncSignal();
            var back = new AsyncSignal();
            const int times = 20_000;
            Task answering = Task.Run(async () =>
            {
                for (int count = 0; count < times; count++)
                {
                    await there.WaitAsync();
                    back.Set();
                }
            });
            Task asking = Task.Run(async () =>
            {
                for (int count = 0; count < times; count++)
                {
                    there.Set();
                    await back.WaitAsync();
                }
            });
            Assert.That(Task.WaitAll(new[] { answering, asking }, millisecondsTimeout: 60_000), Is.True);
        }
    }
}
