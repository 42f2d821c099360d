#nullable enable

namespace StreamDit.Samples
{
    /// <summary>
    /// The rules of the pygame example (examples/pygame/critters/game.py), sixteen ticks a second: what the keys do to the
    /// critter. Pure: no picture, no time of its own. Horizontal places are even numbers of px.
    /// </summary>
    public struct CritterGame
    {
        public const float TicksPerSecond = 16;

        private const float WalkSpeed = 2; // px per tick: the first tick of a direction
        private const float RunSpeed = 4; // and every later one
        private const float JumpSpeed = 10; // px per tick at take-off
        private const float Gravity = 2.5f; // px per tick, each tick
        private const float LeftEdge = 40; // beyond these the camera moves instead of the critter, px
        private const float RightEdge = 88;
        private const float WalkStep = 1f / 8; // of a walk cycle per tick
        private const float LandscapeWidth = 256; // px; then it begins again

        public static CritterGame Start => new CritterGame { X = 64, Facing = 1 };

        /// <summary>The critter's centre on the screen, px.</summary>
        public float X { get; private set; }

        /// <summary>Height above the ground, px.</summary>
        public float Y { get; private set; }

        /// <summary>px per tick, positive to the right.</summary>
        public float Speed { get; private set; }

        /// <summary>px per tick, positive upwards.</summary>
        public float Rise { get; private set; }

        /// <summary>-1 looks left, +1 looks right.</summary>
        public float Facing { get; private set; }

        /// <summary>The walk cycle, 0..1; 0 is standing.</summary>
        public float Walk { get; private set; }

        /// <summary>Left edge of the screen in the landscape, px.</summary>
        public float Camera { get; private set; }

        /// <summary>The weather's cycle, 0..1, one turn a second.</summary>
        public float Clock { get; private set; }

        /// <summary>The game one frame later, with these keys down; left and right together are none.</summary>
        public CritterGame Tick(bool left, bool right, bool jump)
        {
            CritterGame next = this;
            int direction = (right ? 1 : 0) - (left ? 1 : 0);
            next.Facing = direction != 0 ? direction : Facing;
            // A new direction starts slow, a held one runs, none stops at once.
            next.Speed = direction * (Speed * direction > 0 ? RunSpeed : WalkSpeed);
            next.Travel();
            next.Fly(jump);
            if (next.Y <= 0)
            {
                next.Walk = next.Speed != 0 ? Wrapped(Walk + WalkStep, 1) : 0;
            }

            next.Clock = Wrapped(Clock + 1 / TicksPerSecond, 1);
            return next;
        }

        /// <summary>The critter goes up to its edge, the camera the rest of the way.</summary>
        private void Travel()
        {
            float room = Speed > 0 ? System.Math.Max(0, RightEdge - X) : System.Math.Min(0, LeftEdge - X);
            float step = Speed > 0 ? System.Math.Min(Speed, room) : System.Math.Max(Speed, room);
            X += step;
            Camera = Wrapped(Camera + Speed - step, LandscapeWidth);
        }

        /// <summary>A parabola that starts and ends on the ground.</summary>
        private void Fly(bool jump)
        {
            float rise = Y > 0 ? Rise : jump ? JumpSpeed : 0;
            float y = Y + rise;
            Y = y > 0 ? y : 0;
            Rise = y > 0 ? rise - Gravity : 0;
        }

        private static float Wrapped(float value, float period) => (value % period + period) % period;
    }
}
