#nullable enable
using System;
using System.Collections.Generic;

namespace StreamDit
{
    /// <summary>How a frame's payload is packed; the wire's numbers.</summary>
    public enum Encoding
    {
        Jpeg = 1,

        /// <summary>height * width * 3 bytes, row-major, top row first.</summary>
        Rgb24 = 2,
    }

    /// <summary>When frames come; the wire's numbers.</summary>
    public enum Delivery
    {
        /// <summary>Paced; the newest frame replaces a waiting one: players.</summary>
        Latest = 1,

        /// <summary>A chunk is made once every frame sent was acknowledged: bots, training.</summary>
        Lockstep = 2,

        /// <summary>Paced, nothing dropped; too far behind is closed with TooSlow: recorders.</summary>
        All = 3,
    }

    /// <summary>How a new prompt takes over from the one in force; the wire's numbers.</summary>
    public enum PromptTransition
    {
        Immediate = 1,

        /// <summary>The words' embedding moves from the old to the new prompt.</summary>
        Smooth = 2,

        /// <summary>As Immediate, and what is in flight is noised again.</summary>
        Fast = 3,
    }

    /// <summary>What a session asks for; "", 0 and null leave it to the engine.</summary>
    public sealed class Opening
    {
        public string World { get; set; } = "";

        public string? Prompt { get; set; }

        /// <summary>In the world's order; or leave it null and give some by name.</summary>
        public IReadOnlyList<float>? State { get; set; }

        /// <summary>
        /// Some fields by name, the others open where the world can leave its state open, else at rest; takes one
        /// question to the engine.
        /// </summary>
        public IReadOnlyDictionary<string, float>? StateByName { get; set; }

        /// <summary>
        /// The complete set held from the start, by name; null: none was said, which is open where the world can.
        /// Takes one question to the engine.
        /// </summary>
        public IReadOnlyDictionary<string, float>? Actions { get; set; }

        /// <summary>What the stream goes on from; null: from nothing but noise. Takes one question to the engine.</summary>
        public Start? Start { get; set; }

        public string Profile { get; set; } = "";

        public ulong? Seed { get; set; }

        public Delivery Delivery { get; set; } = Delivery.Latest;

        /// <summary>Frames that may be sent and not yet acknowledged.</summary>
        public int Window { get; set; }

        /// <summary>In order of liking.</summary>
        public IReadOnlyList<Encoding> Encodings { get; set; } = new[] { Encoding.Jpeg, Encoding.Rgb24 };

        /// <summary>1..100.</summary>
        public int JpegQuality { get; set; }

        /// <summary>What <see cref="State"/> names; null: all fields.</summary>
        internal IReadOnlyList<string>? StateFields { get; set; }

        internal uint ApiVersion { get; set; } = Version.Api;

        internal string ResumeToken { get; set; } = "";

        /// <summary>With the token: the newest frame that arrived, so that the engine names all that were lost.</summary>
        internal ulong? ReceivedFrameId { get; set; }

        internal Opening Copy() => (Opening)MemberwiseClone();

        /// <exception cref="ArgumentException">A wish that no engine would take.</exception>
        internal void Check()
        {
            if (JpegQuality < 0 || JpegQuality > 100)
            {
                throw new ArgumentException(
                    $"JpegQuality is {JpegQuality}, expected 1..100, or 0 for the engine's choice");
            }

            if (Window < 0)
            {
                throw new ArgumentException($"Window is {Window} frames, expected at least 0");
            }

            if (State != null && StateByName != null)
            {
                throw new ArgumentException("both State and StateByName are given, expected one of them");
            }
        }
    }

    /// <summary>What was chosen when the session was opened.</summary>
    public sealed class Opened
    {
        public string SessionId { get; internal set; } = "";

        public WorldInfo World { get; internal set; } = new WorldInfo();

        public Encoding Encoding { get; internal set; }

        public string Profile { get; internal set; } = "";

        public ulong Seed { get; internal set; }

        public Delivery Delivery { get; internal set; }

        public int Window { get; internal set; }

        public int ApiVersion { get; internal set; }

        /// <summary>A client silent for longer than this is closed with Idle.</summary>
        public double IdleTimeoutS { get; internal set; }

        public int MaxPromptChars { get; internal set; }

        public int MaxHorizonFrames { get; internal set; }

        public long ServerTimeUs { get; internal set; }

        /// <summary>"": the session is not kept when the connection breaks.</summary>
        public string ResumeToken { get; internal set; } = "";

        public double ResumeS { get; internal set; }

        /// <summary>This is the session that was asked to go on.</summary>
        public bool Resumed { get; internal set; }

        /// <summary>The newest event the engine has heard; 0 unless resumed.</summary>
        public ulong LastEventId { get; internal set; }

        /// <summary>What is in force from the start; the rest is open or has its default.</summary>
        public IReadOnlyList<Steering> SteeredBy { get; internal set; } = Array.Empty<Steering>();

        /// <summary>A client silent for so long holds no action any more; 0: never (Lockstep).</summary>
        public double ActionsTimeoutS { get; internal set; }
    }
}
