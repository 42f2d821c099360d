#nullable enable
using System;
using System.IO;
using Grpc.Core;

namespace StreamDit
{
    /// <summary>Why a call failed, from its status: the engine's own refusal, or none answered.</summary>
    internal static class Refusal
    {
        private const string Domain = "streamdit";
        private const string StatusDetails = "grpc-status-details-bin";

        public static StreamDitException From(StreamDitOptions options, RpcException error)
        {
            if (Broken(error) is InvalidDataException cause)
            {
                return BrokenContract(options, cause);
            }

            return (StreamDitException?)Rejection(error)
                ?? new ConnectionFailedException(options.Address, Explain(options, error), error);
        }

        /// <summary>What a marshaller threw, as grpc-dotnet wraps it; null if the call failed for something else.</summary>
        public static InvalidDataException? Broken(RpcException error) =>
            error.Status.DebugException as InvalidDataException;

        /// <summary>It answered something that cannot be taken.</summary>
        public static ConnectionFailedException BrokenContract(StreamDitOptions options, InvalidDataException cause) =>
            new ConnectionFailedException(options.Address, $"its answer broke the contract: {cause.Message}", cause);

        /// <summary>The engine's ErrorInfo in the last metadata, a google.rpc.Status; null without one.</summary>
        public static RejectedException? Rejection(RpcException error)
        {
            foreach (Metadata.Entry entry in error.Trailers)
            {
                if (entry.Key == StatusDetails && entry.IsBinary)
                {
                    return FromStatus(entry.ValueBytes);
                }
            }

            return null;
        }

        /// <summary>How a running call ended.</summary>
        public static Closed Ending(RpcException error)
        {
            RejectedException? refused = Rejection(error);
            return refused != null
                ? new Closed(ClosedReason.Rejected, refused.Message)
                : new Closed(ClosedReason.ConnectionLost, Short(error));
        }

        // What a person can do about it, from what the transport says; SocketsHttpHandler and YetAnotherHttpHandler
        // word it differently, so only the common part is looked for.
        private static string Explain(StreamDitOptions options, RpcException error)
        {
            string remedy = options.Secure
                ? "Is it running there, and with --tls-cert? Without, switch Secure off; with a certificate of your own, "
                    + "let the handler trust it."
                : "Is it running there (`streamdit-engine serve`)? If it was started with --tls-cert, switch Secure on.";
            return $"{Short(error)} {remedy}";
        }

        private static string Short(RpcException error)
        {
            Exception innermost = error.Status.DebugException ?? error;
            while (innermost.InnerException != null)
            {
                innermost = innermost.InnerException;
            }

            string cause = innermost is RpcException ? "" : $" ({innermost.Message})";
            return $"{WireWord.Of(error.StatusCode)}: {error.Status.Detail}{cause}";
        }

        private static RejectedException? FromStatus(byte[] status)
        {
            string message = "";
            RejectedException? found = null;
            try
            {
                var reader = new WireReader(status);
                while (reader.NextField() is int field && field != 0)
                {
                    switch (field)
                    {
                        case 2:
                            message = reader.Text();
                            break;
                        case 3:
                            found = FromAny(reader.Bytes(), message) ?? found;
                            break;
                        default:
                            reader.Skip();
                            break;
                    }
                }
            }
            catch (InvalidDataException)
            {
                return null; // not a google.rpc.Status: some proxy's
            }

            return found;
        }

        private static RejectedException? FromAny(ReadOnlySpan<byte> any, string message)
        {
            string type = "";
            ReadOnlySpan<byte> value = default;
            var reader = new WireReader(any);
            while (reader.NextField() is int field && field != 0)
            {
                switch (field)
                {
                    case 1:
                        type = reader.Text();
                        break;
                    case 2:
                        value = reader.Bytes();
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }

            return type.EndsWith("/google.rpc.ErrorInfo", StringComparison.Ordinal) ? FromErrorInfo(value, message) : null;
        }

        private static RejectedException? FromErrorInfo(ReadOnlySpan<byte> errorInfo, string message)
        {
            string reason = "", domain = "", field = "", held = "";
            var reader = new WireReader(errorInfo);
            while (reader.NextField() is int number && number != 0)
            {
                switch (number)
                {
                    case 1:
                        reason = reader.Text();
                        break;
                    case 2:
                        domain = reader.Text();
                        break;
                    case 3:
                        (string key, string value) = Entry(reader.Bytes());
                        field = key == "field" ? value : field;
                        held = key == "value" ? value : held;
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }

            return domain == Domain ? new RejectedException(reason, field, held, message) : null;
        }

        private static (string Key, string Value) Entry(ReadOnlySpan<byte> entry)
        {
            string key = "", value = "";
            var reader = new WireReader(entry);
            while (reader.NextField() is int number && number != 0)
            {
                switch (number)
                {
                    case 1:
                        key = reader.Text();
                        break;
                    case 2:
                        value = reader.Text();
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }

            return (key, value);
        }
    }
}
