#nullable enable
using System;
using System.Threading;
using System.Threading.Tasks;

namespace StreamDit
{
    /// <summary>A connection to one engine; carries any number of sessions. Any thread may call.</summary>
    public sealed class StreamDitClient : IDisposable
    {
        public StreamDitClient(StreamDitOptions options)
        {
            Options = options;
        }

        public StreamDitOptions Options { get; }

        /// <summary>What the engine serves at this moment.</summary>
        public Task<ServerInfo> ServerInfoAsync(CancellationToken cancel = default) => throw new NotImplementedException();

        /// <summary>A session that returns at once and opens by itself: watch its Status, or await WaitForOpenedAsync.</summary>
        public StreamDitSession Play(Opening opening) => throw new NotImplementedException();

        /// <summary>The same, opened.</summary>
        public Task<StreamDitSession> PlayAsync(Opening opening, CancellationToken cancel = default) =>
            throw new NotImplementedException();

        public void Dispose()
        {
        }
    }
}
