#nullable enable
using NUnit.Framework;
using StreamDit.Unity;
using UnityEngine;

namespace StreamDit.Tests
{
    /// <summary>From a component's members to values a world takes.</summary>
    public sealed class StateTests
    {
        private static readonly StateField Bounded = new StateField("x", 0, 128, false, 64);
        private static readonly StateField Periodic = new StateField("camera", 0, 256, true, 0);

        [TestCase(0f, 0f, true)]
        [TestCase(128f, 128f, true)]
        [TestCase(-1f, 0f, false)]
        [TestCase(1000f, 128f, false)]
        [TestCase(float.NaN, 64f, false)]
        [TestCase(float.PositiveInfinity, 64f, false)]
        public void A_bounded_field_is_cut_off_at_its_ends(float value, float fitted, bool fits)
        {
            Assert.That(StateRange.TryFit(value, Bounded, out float taken), Is.EqualTo(fits));
            Assert.That(taken, Is.EqualTo(fitted));
        }

        [TestCase(256f, 256f)]
        [TestCase(257f, 1f)]
        [TestCase(-1f, 255f)]
        [TestCase(2560f, 0f)]
        public void A_periodic_field_goes_round(float value, float fitted)
        {
            Assert.That(StateRange.TryFit(value, Periodic, out float taken), Is.True);
            Assert.That(taken, Is.EqualTo(fitted));
        }

        [TestCase("Speed", 1.5f)]
        [TestCase("Count", 3f)]
        [TestCase("Angle", 0.25f)]
        [TestCase("Alive", 1f)]
        [TestCase("height", 7f)]
        [TestCase("Place.y", 2f)]
        [TestCase("corner.x", 4f)]
        public void Numbers_are_read_by_name(string path, float value)
        {
            MemberReader? reader = MemberReader.Of(new Readable(), path, out string trouble);
            Assert.That(trouble, Is.Empty);
            Assert.That(reader!.Read(), Is.EqualTo(value));
        }

        [Test]
        public void A_misspelled_member_is_told_with_the_nearest()
        {
            Assert.That(MemberReader.Of(new Readable(), "Sped", out string trouble), Is.Null);
            Assert.That(trouble, Does.Contain("'Sped'").And.Contain("Did you mean 'Speed'?"));
        }

        [TestCase("Title")]
        [TestCase("Place")]
        [TestCase("Place.w")]
        [TestCase("Speed.x")]
        public void What_is_no_number_is_told(string path)
        {
            Assert.That(MemberReader.Of(new Readable(), path, out string trouble), Is.Null);
            Assert.That(trouble, Does.Contain($"'{path}'").And.Contain("no number"));
        }

        [Test]
        public void A_property_that_cannot_be_read_from_outside_is_no_member()
        {
            Assert.That(MemberReader.Of(new Derived(), "Hidden", out string trouble), Is.Null);
            Assert.That(trouble, Does.Contain("'Hidden'"));
            Assert.That(MemberReader.Names(typeof(Derived)), Has.None.EqualTo("Hidden"));
        }

        [Test]
        public void Of_two_members_with_one_name_the_derived_ones_is_read()
        {
            MemberReader? reader = MemberReader.Of(new Derived(), "Speed", out string trouble);
            Assert.That(trouble, Is.Empty);
            Assert.That(reader!.Read(), Is.EqualTo(2f));
            Assert.That(MemberReader.Names(typeof(Derived)), Has.Exactly(1).EqualTo("Speed"));
        }

        [TestCase("localhost:50051", true)]
        [TestCase("[::1]:50051", true)]
        [TestCase("127.0.0.1:80", true)]
        [TestCase("::1:50051", false)]
        [TestCase("my host:50051", false)]
        [TestCase("localhost", false)]
        [TestCase("localhost:0", false)]
        [TestCase("localhost:70000", false)]
        [TestCase("http://localhost:50051", false)]
        [TestCase("localhost:50051/", false)]
        [TestCase("me@localhost:50051", false)]
        [TestCase(" localhost:50051", false)]
        [TestCase("", false)]
        public void An_address_is_a_host_and_a_port(string address, bool right)
        {
            string? trouble = new LinkSettings { address = address }.AddressTrouble();
            Assert.That(trouble, right ? Is.Null : Does.Contain($"'{address}'").And.Contain("host:port"));
        }

        [TestCase("localhost:50051", false, false)]
        [TestCase("example.com:50051", true, false)]
        [TestCase("example.com:50051", false, true)]
        public void A_token_that_others_can_read_on_the_way_is_told(string address, bool secure, bool told)
        {
            var settings = new LinkSettings { address = address, secure = secure, token = "sesame" };
            Assert.That(settings.TokenTrouble(), told ? Does.Contain("unencrypted") : Is.Null);
            Assert.That(settings.TokenTrouble() ?? "", Does.Not.Contain("sesame"));
        }

        // 60 turns a second, 16 frames: every fourth turn would be 15 a second.
        [TestCase(60)]
        [TestCase(144)]
        [TestCase(30)]
        public void Sixteen_a_second_are_sent_at_any_rate_of_turns(int turnsPerSecond)
        {
            SendPace pace = default;
            int numSent = 0;
            for (int turn = 0; turn < 10 * turnsPerSecond; turn++)
            {
                double nowS = 100.0 + (double)turn / turnsPerSecond;
                if (pace.IsDue(nowS))
                {
                    pace.Sent(nowS, 16);
                    numSent++;
                }
            }

            Assert.That(numSent, Is.EqualTo(160).Within(1));
        }

        private class Base
        {
            public virtual float Hidden { private get; set; }

            public float Speed => 1;
        }

        private sealed class Derived : Base
        {
            public new float Speed => 2;
        }

        private sealed class Readable
        {
            public float height = 7;
            public Vector2 corner = new Vector2(4, 5);

            public float Speed => 1.5f;

            public int Count => 3;

            public double Angle => 0.25;

            public bool Alive => true;

            public Vector3 Place => new Vector3(1, 2, 3);

            public string Title => "none";
        }
    }
}
