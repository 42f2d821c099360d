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
