#nullable enable
using System.Threading.Tasks;
using NUnit.Framework;

namespace StreamDit.Tests
{
    /// <summary>An engine that breaks the contract on purpose ends a session in words.</summary>
    public sealed class HostileTests
    {
        [TestCase("words", "the engine broke the contract: notice.words is more than 4096 fields")]
        [TestCase("no message", "the engine broke the contract: ")]
        [TestCase("a broken message", "the engine broke the contract: it is unreadable")]
        public async Task A_message_ends_the_session(string attack, string said)
        {
            using Engine engine = Engine.StartScript("hostile.py");
            using StreamDitClient client = Client(engine);
            using StreamDitSession session = await client.PlayAsync(new Opening { World = attack });
            Closed closed = await session.WaitForClosedAsync();
            Assert.That(closed.Reason, Is.EqualTo(ClosedReason.EngineFailed), closed.ToString());
            Assert.That(closed.Detail, Does.StartWith(said));
        }

        [TestCase("opening", "opened.world.vocabulary is more than 65536 fields")]
        [TestCase("broken opening", "it is unreadable")]
        public void An_opening_is_a_failed_connection(string attack, string said)
        {
            using Engine engine = Engine.StartScript("hostile.py");
            using StreamDitClient client = Client(engine);
            var error = Assert.ThrowsAsync<ConnectionFailedException>(() => client.PlayAsync(new Opening { World = attack }));
            Assert.That(error!.Detail, Does.StartWith($"its answer broke the contract: {said}"));
        }

        [Test]
        public void A_world_that_is_too_large_to_show_is_a_failed_connection()
        {
            using Engine engine = Engine.StartScript("hostile.py");
            using StreamDitClient client = Client(engine);
            var error = Assert.ThrowsAsync<ConnectionFailedException>(() => client.PlayAsync(new Opening { World = "huge" }));
            Assert.That(error!.Detail, Is.EqualTo("world fair is 5000x5000 pixels, at most 16777216 are taken"));
        }

        [TestCase("words", "worlds.vocabulary is more than 65536 fields")]
        [TestCase("broken", "it is unreadable")]
        public void A_description_is_a_failed_connection(string attack, string said)
        {
            using Engine engine = Engine.StartScript("hostile.py", attack);
            using StreamDitClient client = Client(engine);
            var error = Assert.ThrowsAsync<ConnectionFailedException>(() => client.ServerInfoAsync());
            Assert.That(error!.Detail, Does.StartWith($"its answer broke the contract: {said}"));
        }

        private static StreamDitClient Client(Engine engine)
        {
            StreamDitOptions options = engine.Options();
            options.Reconnect = false;
            return new StreamDitClient(options);
        }
    }
}
