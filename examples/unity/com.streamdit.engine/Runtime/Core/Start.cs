#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;

namespace StreamDit
{
    /// <summary>A moment for a stream to go on from: one of the world's start clips, or frames of your own.</summary>
    public sealed class Start
    {
        private const int MaxBytes = 1_000_000; // gRPC takes 1 MiB a message

        /// <param name="clip">One of WorldInfo.StartClips.</param>
        public Start(string clip)
        {
            Clip = clip;
        }

        /// <param name="frames">
        /// Oldest first, each a baseline JPEG or height * width * 3 bytes, top row first; a multiple of
        /// WorldInfo.FramesPerLatent, at most as many as the profile's references hold.
        /// </param>
        public Start(IReadOnlyList<byte[]> frames, Encoding encoding)
        {
            Frames = frames;
            Encoding = encoding;
        }

        /// <summary>null: frames of your own.</summary>
        public string? Clip { get; }

        public IReadOnlyList<byte[]> Frames { get; } = Array.Empty<byte[]>();

        public Encoding Encoding { get; } = Encoding.Jpeg;

        /// <summary>What was in force at each frame, all values in the world's order: none, or one a frame.</summary>
        public IReadOnlyList<IReadOnlyList<float>> States { get; set; } = Array.Empty<IReadOnlyList<float>>();

        /// <summary>What was held at each frame, by name: none, or one set a frame.</summary>
        public IReadOnlyList<IReadOnlyDictionary<string, float>> Actions { get; set; } =
            Array.Empty<IReadOnlyDictionary<string, float>>();

        internal int Width { get; private set; }

        internal int Height { get; private set; }

        /// <summary>This start with the world's size, for a session of that profile.</summary>
        /// <exception cref="ArgumentException">The world has no such clip, or the frames do not fit it.</exception>
        internal Start For(WorldInfo world, string profile)
        {
            int references = world.Profiles.FirstOrDefault(known => known.Name == profile)?.References ?? 0;
            if (references == 0)
            {
                string fitting = Listed(world.Profiles.Where(known => known.References > 0).Select(known => known.Name));
                throw new ArgumentException(
                    $"profile '{profile}' has nothing to start from; profiles that have: {fitting}");
            }

            if (Clip == null)
            {
                CheckFrames(world, references);
            }
            else if (!world.StartClips.Contains(Clip))
            {
                throw new ArgumentException(
                    $"start clip '{Clip}' is unknown, world '{world.Name}' has: {Listed(world.StartClips)}");
            }

            var start = (Start)MemberwiseClone();
            (start.Width, start.Height) = (world.Width, world.Height);
            return start;
        }

        private void CheckFrames(WorldInfo world, int references)
        {
            int perLatent = Math.Max(1, world.FramesPerLatent);
            int count = Frames.Count;
            if (count == 0 || count % perLatent != 0 || count > references * perLatent)
            {
                throw new ArgumentException(
                    $"start has {count} frames, must be a multiple of {perLatent}, from {perLatent} to {references * perLatent}");
            }

            int numBytes = 3 * world.Width * world.Height;
            for (int index = 0; index < count && Encoding == Encoding.Rgb24; index++)
            {
                if (Frames[index].Length != numBytes)
                {
                    throw new ArgumentException(
                        $"start frame {index} is {Frames[index].Length} bytes, "
                        + $"world '{world.Name}' takes {world.Width}x{world.Height} RGB24, {numBytes} bytes");
                }
            }

            int total = Frames.Sum(frame => frame.Length);
            if (total > MaxBytes)
            {
                throw new ArgumentException($"start frames are {total} bytes, a message holds {MaxBytes}");
            }

            CheckCount("states", States.Count, count);
            CheckCount("sets of actions", Actions.Count, count);
            foreach (IReadOnlyList<float> values in States)
            {
                new HeldState(world).Set(values.ToArray(), default);
            }

            foreach (IReadOnlyDictionary<string, float> held in Actions)
            {
                ActionSet.Of(world, held);
            }
        }

        private static void CheckCount(string what, int count, int numFrames)
        {
            if (count != 0 && count != numFrames)
            {
                throw new ArgumentException($"start has {numFrames} frames and {count} {what}, expected none or one a frame");
            }
        }

        private static string Listed(IEnumerable<string> names)
        {
            string listed = string.Join(", ", names);
            return listed.Length > 0 ? listed : "none";
        }
    }
}
