#nullable enable
using System;
using System.IO;

namespace StreamDit
{
    /// <summary>
    /// A message's fields, counted on its bytes: nothing is built of one that holds too many. A megabyte holds half a
    /// million empty messages, and every one of them would become an object. The same limits as the Python SDK's.
    /// </summary>
    internal static class MessageLimits
    {
        public const int MaxFields = 4096; // of a message, with those inside its fields
        public const int MaxOpeningFields = 65536; // of what describes worlds: some name every word they know
        public const int MaxValues = 16384; // of a message: the numbers of packed lists
        private const int SmallBytes = 2048; // what is no longer than this holds fewer, and is not walked

        private static readonly MessageLayout Drops = new MessageLayout("generate encode network");

        private static readonly MessageLayout World = new MessageLayout(
                "name description fps width height state_fields profiles default_profile example_prompts vocabulary - "
                + "takes_source_frames actions steered_by may_be_open start_clips frames_per_latent",
                ("state_fields", new MessageLayout("name min max periodic initial")),
                ("profiles", new MessageLayout("name references chunks chunk_size steps_per_shift frames_per_shift")),
                ("actions", new MessageLayout("name kind min max group default_key description")))
            .WithNumbers("steered_by", 1)
            .WithNumbers("may_be_open", 1);

        private static readonly MessageLayout Opened = new MessageLayout(
                "session_id world encoding profile seed delivery window api_version idle_timeout_s max_prompt_chars "
                + "max_horizon_frames server_time_us resume_token resume_s resumed last_event_id steered_by "
                + "actions_timeout_s",
                ("world", World))
            .WithNumbers("steered_by", 1);

        private static readonly MessageLayout Frame = new MessageLayout(
            "frame_id pts_us last_event_id encoding width height payload generate_start_us generate_end_us send_us "
            + "encode_us rung dropped_before",
            ("dropped_before", Drops));

        /// <summary>What comes on a stream.</summary>
        public static MessageLayout ServerMessage { get; } = new MessageLayout(
            "opened frame event_applied event_rejected notice stats heartbeat draining closed",
            ("opened", Opened),
            ("frame", Frame),
            ("event_applied", new MessageLayout("event_id frame_id pts_us replaced_by")),
            ("event_rejected", new MessageLayout("event_id reason field value detail")),
            ("notice", new MessageLayout("code detail event_id words")),
            ("stats", new MessageLayout(
                "frames_sent dropped step_ms decode_ms encode_ms drift_ms rung active_sessions", ("dropped", Drops))),
            ("heartbeat", new MessageLayout("client_time_us server_time_us")),
            ("draining", new MessageLayout("deadline_s detail")),
            ("closed", new MessageLayout(
                "reason detail frames_generated frames_sent dropped duration_s", ("dropped", Drops))));

        /// <summary>What an engine serves.</summary>
        public static MessageLayout ServerInfo { get; } = new MessageLayout(
            "server_version api_version worlds backend device max_sessions active_sessions", ("worlds", World));

        /// <summary>Returns if a message holds at most so many fields and numbers; allocates nothing then.</summary>
        /// <exception cref="InvalidDataException">
        /// It holds more, breaks off, or has a field of no known wire type.
        /// </exception>
        public static void Check(ReadOnlySpan<byte> message, MessageLayout layout, int maxFields)
        {
            if (message.Length <= SmallBytes)
            {
                return;
            }

            string? tooMuch = new Walk(message, maxFields).Message(0, message.Length, layout);
            if (tooMuch != null)
            {
                throw new InvalidDataException(tooMuch[0] == ' ' ? $"message{tooMuch}" : tooMuch);
            }
        }

        private ref struct Walk
        {
            private const int VarintType = 0, Fixed64Type = 1, BytesType = 2, Fixed32Type = 5;
            private readonly ReadOnlySpan<byte> _raw;
            private readonly int _maxFields;
            private int _numFields;
            private long _numValues;

            public Walk(ReadOnlySpan<byte> raw, int maxFields)
            {
                (_maxFields, _numFields, _numValues) = (maxFields, 0, 0);
                _raw = raw;
            }

            /// <summary>
            /// Counts what lies between two places, a message of this layout. null, or what is too much: the field's
            /// name first, which those around it put theirs before.
            /// </summary>
            public string? Message(int at, int end, MessageLayout layout)
            {
                while (at < end)
                {
                    ulong tag = Varint(ref at);
                    int number = (int)Math.Min(tag >> 3, int.MaxValue);
                    if (++_numFields > _maxFields)
                    {
                        return $"{layout.Name(number) ?? ""} is more than {_maxFields} fields, "
                            + $"all of a message may hold {_maxFields}";
                    }

                    switch ((int)(tag & 7))
                    {
                        case VarintType:
                            Varint(ref at);
                            break;
                        case Fixed64Type:
                            at += 8;
                            break;
                        case Fixed32Type:
                            at += 4;
                            break;
                        case BytesType:
                            int stop = Stop(ref at, end);
                            string? tooMuch = Content(at, stop, number, layout);
                            if (tooMuch != null)
                            {
                                return tooMuch;
                            }

                            at = stop;
                            break;
                        default:
                            throw new InvalidDataException(
                                $"a field has wire type {tag & 7}, which no field of this protocol has");
                    }
                }

                return at == end ? null : throw new InvalidDataException("a field is longer than its message");
            }

            private string? Content(int at, int stop, int number, MessageLayout layout)
            {
                if (layout.Parts(number) is MessageLayout parts)
                {
                    string? inside = Message(at, stop, parts);
                    return inside == null ? null : $"{layout.Name(number)}{(inside[0] == ' ' ? "" : ".")}{inside}";
                }

                int leastBytes = layout.Packed(number);
                if (leastBytes == 0)
                {
                    return null;
                }

                _numValues += (stop - at) / leastBytes;
                return _numValues <= MaxValues
                    ? null
                    : $"{layout.Name(number)} is {(stop - at) / leastBytes} values long, "
                        + $"a message may hold {MaxValues} numbers";
            }

            // Where the field ends whose length is there; `at` goes behind the length.
            private int Stop(ref int at, int end)
            {
                ulong length = Varint(ref at);
                if (at > end || length > (ulong)(end - at))
                {
                    throw new InvalidDataException($"a field of {length} bytes is longer than its message");
                }

                return at + (int)length;
            }

            // One of more than one byte counts as a field, for what it costs to read.
            private ulong Varint(ref int at)
            {
                ulong value = 0;
                for (int shift = 0; shift < 70; shift += 7)
                {
                    if (at >= _raw.Length)
                    {
                        throw new InvalidDataException("the message breaks off");
                    }

                    byte part = _raw[at++];
                    value |= (ulong)(part & 0x7f) << shift;
                    if (part < 0x80)
                    {
                        _numFields += shift > 0 ? 1 : 0;
                        return value;
                    }
                }

                throw new InvalidDataException("a number is longer than ten bytes");
            }
        }
    }
}
