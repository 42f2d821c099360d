#nullable enable
using System;

namespace StreamDit
{
    // Every error this library raises on purpose:
    //
    //     StreamDitException
    //     ├── ConnectionFailedException   no engine answered at the address
    //     ├── RejectedException           the engine refused; names reason, field and value
    //     ├── SessionClosedException      the session ended; holds the Closed that says why
    //     └── RecordingException          a recording cannot be written; names the file
    //
    // A wrong argument that can be seen before anything is sent is an ArgumentException, as everywhere in C#.

    /// <summary>The root of the tree above.</summary>
    public class StreamDitException : Exception
    {
        public StreamDitException(string message, Exception? cause = null) : base(message, cause)
        {
        }
    }

    /// <summary>No engine answered at <see cref="Address"/>.</summary>
    public sealed class ConnectionFailedException : StreamDitException
    {
        public ConnectionFailedException(string address, string detail, Exception? cause = null)
            : base($"no engine at {address}: {detail}", cause)
        {
            Address = address;
            Detail = detail;
        }

        public string Address { get; }

        public string Detail { get; }
    }

    /// <summary>
    /// The engine refused; <see cref="Reason"/> is the wire's RejectReason without its prefix, e.g. "UNKNOWN_WORLD".
    /// </summary>
    public sealed class RejectedException : StreamDitException
    {
        public RejectedException(string reason, string field, string value, string detail)
            : base(detail.Length > 0 ? $"{reason}: {detail}" : $"{reason}: {field} is {value}")
        {
            Reason = reason;
            Field = field;
            Value = value;
            Detail = detail;
        }

        public string Reason { get; }

        public string Field { get; }

        public string Value { get; }

        public string Detail { get; }
    }

    /// <summary>Something was awaited of a session that has ended; <see cref="Closed"/> says why it did.</summary>
    public sealed class SessionClosedException : StreamDitException
    {
        public SessionClosedException(Closed closed) : base($"session closed, {closed}")
        {
            Closed = closed;
        }

        public Closed Closed { get; }
    }

    /// <summary>A recording cannot be written; the message names the file and what is wrong with it.</summary>
    public sealed class RecordingException : StreamDitException
    {
        public RecordingException(string path, string detail, Exception? cause = null) : base($"{path}: {detail}", cause)
        {
            Path = path;
            Detail = detail;
        }

        public string Path { get; }

        public string Detail { get; }
    }
}
