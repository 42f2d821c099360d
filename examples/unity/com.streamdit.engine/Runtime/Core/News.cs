#nullable enable
using System;
using System.Collections.Generic;

namespace StreamDit
{
    /// <summary>Frames lost, by cause: generation late, encoding late, client without credit.</summary>
    public readonly struct Drops
    {
        public Drops(long generate, long encode, long network)
        {
            Generate = generate;
            Encode = encode;
            Network = network;
        }

        public long Generate { get; }

        public long Encode { get; }

        public long Network { get; }

        public long Total => Generate + Encode + Network;

        public static Drops operator +(Drops one, Drops other) =>
            new Drops(one.Generate + other.Generate, one.Encode + other.Encode, one.Network + other.Network);
    }

    /// <summary>An event is in the conditioning; <see cref="FrameId"/> is the first frame that obeys it.</summary>
    public readonly struct EventApplied
    {
        public EventApplied(ulong eventId, ulong frameId, long ptsUs, ulong replacedBy = 0)
        {
            EventId = eventId;
            FrameId = frameId;
            PtsUs = ptsUs;
            ReplacedBy = replacedBy;
        }

        public ulong EventId { get; }

        /// <summary>0: it was replaced, with so many others that its answer did not wait for a frame.</summary>
        public ulong FrameId { get; }

        public long PtsUs { get; }

        /// <summary>A newer event that came before any frame could obey this one, and is obeyed in its place; 0:
        /// none.</summary>
        public ulong ReplacedBy { get; }
    }

    /// <summary>What the engine has to say that is no frame: EventRejected, Notice or Draining.</summary>
    public abstract class News
    {
        private protected News(string detail)
        {
            Detail = detail;
        }

        /// <summary>A sentence for people.</summary>
        public string Detail { get; }
    }

    /// <summary>An event was ignored; the session goes on as if it had not been sent.</summary>
    public sealed class EventRejected : News
    {
        internal EventRejected(ulong eventId, string reason, string field, string value, string detail) : base(detail)
        {
            EventId = eventId;
            Reason = reason;
            Field = field;
            Value = value;
        }

        public ulong EventId { get; }

        /// <summary>The wire's RejectReason without its prefix, e.g. "STATE_OUT_OF_RANGE".</summary>
        public string Reason { get; }

        public string Field { get; }

        public string Value { get; }

        public override string ToString() => $"event {EventId} rejected, {Reason}: {Detail}";
    }

    /// <summary>Something the engine wants known.</summary>
    public sealed class Notice : News
    {
        internal Notice(string code, string detail, ulong eventId, IReadOnlyList<string>? words) : base(detail)
        {
            Code = code;
            EventId = eventId;
            Words = words ?? Array.Empty<string>();
        }

        /// <summary>This side's own notice: after a broken connection the engine did not go on with the world.</summary>
        public const string WorldLost = "WORLD_LOST";

        /// <summary>UNKNOWN_WORDS, LATE, RUNG_CHANGED, FAR_PROMPT (Words: the nearest prompt), ACTIONS_RELEASED or
        /// WORLD_LOST.</summary>
        public string Code { get; }

        /// <summary>0 if it is about none.</summary>
        public ulong EventId { get; }

        public IReadOnlyList<string> Words { get; }

        public override string ToString() => $"{Code}: {Detail}";
    }

    /// <summary>The engine is going down; the stream ends by itself within the deadline.</summary>
    public sealed class Draining : News
    {
        internal Draining(double deadlineS, string detail) : base(detail)
        {
            DeadlineS = deadlineS;
        }

        public double DeadlineS { get; }

        public override string ToString() => $"draining within {DeadlineS} s: {Detail}";
    }

    /// <summary>The engine's own view, once a second; null where nothing was measured.</summary>
    public sealed class ServerStats
    {
        public ulong FramesSent { get; internal set; }

        public Drops Dropped { get; internal set; }

        public double? StepMs { get; internal set; }

        public double? DecodeMs { get; internal set; }

        public double? EncodeMs { get; internal set; }

        public double? DriftMs { get; internal set; }

        public int Rung { get; internal set; }

        public int ActiveSessions { get; internal set; }
    }
}
