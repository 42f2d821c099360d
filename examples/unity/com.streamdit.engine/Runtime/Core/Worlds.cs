#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;

namespace StreamDit
{
    // What an engine serves: without protobuf, never changed once made. The proto says what each means.

    /// <summary>Name and range of one state value; a periodic field meets itself at its ends.</summary>
    public sealed class StateField
    {
        internal StateField(string name, float min, float max, bool periodic, float initial)
        {
            Name = name;
            Min = min;
            Max = max;
            Periodic = periodic;
            Initial = initial;
        }

        public string Name { get; }

        public float Min { get; }

        public float Max { get; }

        public bool Periodic { get; }

        /// <summary>What the engine assumes until the first state arrives.</summary>
        public float Initial { get; }
    }

    /// <summary>A partition of the moving buffer, B = references + chunks * chunk size latents.</summary>
    public sealed class ProfileInfo
    {
        internal ProfileInfo(
            string name, int references, int chunks, int chunkSize, int stepsPerShift, int framesPerShift)
        {
            Name = name;
            References = references;
            Chunks = chunks;
            ChunkSize = chunkSize;
            StepsPerShift = stepsPerShift;
            FramesPerShift = framesPerShift;
        }

        public string Name { get; }

        public int References { get; }

        public int Chunks { get; }

        public int ChunkSize { get; }

        public int StepsPerShift { get; }

        public int FramesPerShift { get; }
    }

    /// <summary>A world's contract. Sizes in pixels.</summary>
    public sealed class WorldInfo
    {
        public string Name { get; internal set; } = "";

        public string Description { get; internal set; } = "";

        public double Fps { get; internal set; }

        public int Width { get; internal set; }

        public int Height { get; internal set; }

        /// <summary>The order in which a state's values come.</summary>
        public IReadOnlyList<StateField> StateFields { get; internal set; } = Array.Empty<StateField>();

        public IReadOnlyList<ProfileInfo> Profiles { get; internal set; } = Array.Empty<ProfileInfo>();

        public string DefaultProfile { get; internal set; } = "";

        /// <summary>Prompts that show the world well.</summary>
        public IReadOnlyList<string> ExamplePrompts { get; internal set; } = Array.Empty<string>();

        /// <summary>Every word the text encoder knows; empty if it takes any text.</summary>
        public IReadOnlyList<string> Vocabulary { get; internal set; } = Array.Empty<string>();

        /// <summary>What a set of actions may name, in the order of its values; empty if the world takes none.</summary>
        public IReadOnlyList<ActionInfo> Actions { get; internal set; } = Array.Empty<ActionInfo>();

        /// <summary>What the world can be steered by.</summary>
        public IReadOnlyList<Steering> SteeredBy { get; internal set; } = Array.Empty<Steering>();

        /// <summary>Which of these a session may leave open, for the engine to invent; the others have a default.</summary>
        public IReadOnlyList<Steering> MayBeOpen { get; internal set; } = Array.Empty<Steering>();

        /// <summary>Names of the world's start clips, for <see cref="Start"/>.</summary>
        public IReadOnlyList<string> StartClips { get; internal set; } = Array.Empty<string>();

        /// <summary>Start frames come in multiples of it; 0 from an engine that takes none.</summary>
        public int FramesPerLatent { get; internal set; }

        public bool TakesSourceFrames { get; internal set; }

        /// <summary>Whether a session may leave this for the engine to invent.</summary>
        public bool CanBeOpen(Steering steering)
        {
            for (int index = 0; index < MayBeOpen.Count; index++)
            {
                if (MayBeOpen[index] == steering)
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>Where a field stands in <see cref="StateFields"/>.</summary>
        /// <exception cref="ArgumentException">The world has no such field; the message lists those it has.</exception>
        public int FieldIndex(string name)
        {
            for (int index = 0; index < StateFields.Count; index++)
            {
                if (StateFields[index].Name == name)
                {
                    return index;
                }
            }

            string known = string.Join(", ", StateFields.Select(field => field.Name));
            throw new ArgumentException($"state field '{name}' is unknown, world '{Name}' has: {known}");
        }
    }

    /// <summary>What an engine serves, before a session is opened.</summary>
    public sealed class ServerInfo
    {
        public string ServerVersion { get; internal set; } = "";

        /// <summary>The highest the engine speaks; it also speaks all lower ones.</summary>
        public int ApiVersion { get; internal set; }

        public IReadOnlyList<WorldInfo> Worlds { get; internal set; } = Array.Empty<WorldInfo>();

        public string Backend { get; internal set; } = "";

        public string Device { get; internal set; } = "";

        public int MaxSessions { get; internal set; }

        public int ActiveSessions { get; internal set; }
    }
}
