#nullable enable
using System;
using System.Net.Http;

namespace StreamDit
{
    /// <summary>How to reach an engine.</summary>
    public sealed class StreamDitOptions
    {
        /// <summary>"host:port".</summary>
        public string Address { get; set; } = "localhost:50051";

        /// <summary>TLS with the certificates that the handler trusts.</summary>
        public bool Secure { get; set; }

        /// <summary>Sent as `authorization: Bearer ...` with every call.</summary>
        public string? Token { get; set; }

        /// <summary>For dialling and for each answer of the engine, but not for the length of a session.</summary>
        public double TimeoutS { get; set; } = 10.0;

        public double HeartbeatEveryS { get; set; } = 2.0;

        /// <summary>false lets a session end when its connection does.</summary>
        public bool Reconnect { get; set; } = true;

        /// <summary>
        /// Makes what carries HTTP/2; called once per client, which disposes it. In Unity:
        /// () => new YetAnotherHttpHandler { Http2Only = true }.
        /// </summary>
        public Func<HttpMessageHandler>? HandlerFactory { get; set; }

        internal void Check()
        {
            if (Address.Contains("://") || Address.IndexOf(':') < 0 || !Uri.TryCreate($"http://{Address}", UriKind.Absolute, out _))
            {
                throw new ArgumentException($"Address is '{Address}', expected host:port, e.g. localhost:50051");
            }

            if (TimeoutS <= 0 || HeartbeatEveryS <= 0)
            {
                throw new ArgumentException(
                    $"TimeoutS is {TimeoutS} and HeartbeatEveryS is {HeartbeatEveryS}, expected more than 0");
            }

            if (HandlerFactory == null)
            {
                throw new ArgumentException(
                    "HandlerFactory is null, expected one that makes an HTTP/2 handler: "
                    + "in Unity () => new YetAnotherHttpHandler { Http2Only = true }");
            }
        }
    }
}
