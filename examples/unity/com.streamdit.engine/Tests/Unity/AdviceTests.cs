#nullable enable
using System;
using NUnit.Framework;
using StreamDit.Unity;

namespace StreamDit.Tests
{
    /// <summary>Every mistake is told in a sentence that says what to do.</summary>
    public sealed class AdviceTests
    {
        private const string Address = "localhost:50051";

        [Test]
        public void A_misspelled_world_is_told_with_the_nearest_and_all_there_are()
        {
            var refused = new RejectedException("UNKNOWN_WORLD", "open.world", "'crittrs'", "this engine serves critters");
            string told = Advice.For(refused, Address, false, "crittrs", new[] { "critters", "dungeon" });
            Assert.That(told, Does.Contain("'crittrs'").And.Contain("Did you mean 'critters'?"));
            Assert.That(told, Does.Contain("critters, dungeon").And.Contain(Address));
        }

        [Test]
        public void A_newer_engine_is_told_with_the_package_to_install()
        {
            var refused = new RejectedException("API_VERSION_UNSUPPORTED", "api_version", "2", "the engine chose version 2");
            string told = Advice.For(refused, Address, false, "");
            Assert.That(told, Does.Contain("com.streamdit.engine").And.Contain("the engine chose version 2"));
        }

        [TestCase(false, "Connection refused", "No engine answers at localhost:50051")]
        [TestCase(true, "received corrupt message of type InvalidContentType", "untick 'Secure'")]
        [TestCase(true, "Cannot determine the frame size or a corrupted frame was received.", "untick 'Secure'")]
        [TestCase(true, "invalid peer certificate: UnknownIssuer", "Root Certificates")]
        [TestCase(true, "The remote certificate is invalid", "Root Certificates")]
        [TestCase(false, "http2 error: connection error detected: frame with invalid size", "tick 'Secure'")]
        [TestCase(false, "The server did not complete the HTTP/2 handshake.", "tick 'Secure'")]
        public void What_the_transport_says_is_told_as_what_to_do(bool secure, string said, string advice)
        {
            var failed = new ConnectionFailedException(Address, "UNAVAILABLE", new InvalidOperationException(said));
            string told = Advice.For(failed, Address, secure, "");
            Assert.That(told, Does.Contain(advice).And.Contain("UNAVAILABLE"));
        }

        [Test]
        public void Frames_of_another_size_than_the_world_are_told_with_both()
        {
            string told = Advice.ForFrameSize(64, 32, new WorldInfo { Name = "critters", Width = 128, Height = 128 });
            Assert.That(told, Does.Contain("64x32").And.Contain("'critters'").And.Contain("128x128"));
        }

        [Test]
        public void Every_ending_has_a_sentence()
        {
            foreach (ClosedReason reason in Enum.GetValues(typeof(ClosedReason)))
            {
                Assert.That(Advice.ForClosed(new Closed(reason)), Does.EndWith(".").Or.EndWith("?"));
            }
        }

        [TestCase("http://localhost:50051")]
        [TestCase("localhost")]
        [TestCase("localhost:")]
        [TestCase("localhost:70000")]
        [TestCase(" localhost:50051")]
        [TestCase("")]
        public void An_address_that_is_none_is_told_before_anything_is_dialled(string address)
        {
            var settings = new LinkSettings { address = address };
            Assert.That(settings.AddressTrouble(), Does.Contain($"'{address}'").And.Contain("localhost:50051"));
        }

        [TestCase("localhost:50051")]
        [TestCase("10.0.0.7:1")]
        [TestCase("[::1]:50051")]
        public void An_address_that_is_one_is_taken(string address)
        {
            Assert.That(new LinkSettings { address = address }.AddressTrouble(), Is.Null);
        }

        [TestCase("facng", "facing")]
        [TestCase("Facing", "facing")]
        [TestCase("clok", "clock")]
        [TestCase("velocity", null)]
        public void The_nearest_name_is_found_if_one_is_near(string written, string? nearest)
        {
            string[] known = { "x", "y", "facing", "walk", "camera", "clock" };
            Assert.That(NearestName.Of(written, known), Is.EqualTo(nearest));
        }
    }
}
