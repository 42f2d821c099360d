#nullable enable
using System;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Grpc.Net.Client;

namespace StreamDit
{
    /// <summary>
    /// Dials an engine, asks what it serves, opens sessions; carries any number of them. Any thread may call.
    /// </summary>
    /// <example>
    /// <code>
    /// using var client = new StreamDitClient(new StreamDitOptions { Address = "localhost:50051", HandlerFactory = ... });
    /// using var session = await client.PlayAsync(new Opening { Prompt = "a pig in a meadow" });
    /// session.State("x", 40f);
    /// if (session.Frames.TryTake(out FrameSlot? frame)) { Show(frame.Payload); frame.Dispose(); }
    /// </code>
    /// </example>
    public sealed class StreamDitClient : IDisposable
    {
        // Far above a negotiated frame (1 MB), so that one that is too large fails loudly at its maker.
        private const int MaxReceiveBytes = 8 * 1024 * 1024;
        private const int MaxSendBytes = 1024 * 1024;

        private readonly GrpcChannel _channel;
        private readonly CallInvoker _invoker;
        private readonly Metadata _metadata = new Metadata();

        /// <exception cref="ArgumentException">An option that cannot be right; the message names it.</exception>
        public StreamDitClient(StreamDitOptions options)
        {
            options.Check();
            Options = options;
            if (options.Token != null)
            {
                _metadata.Add("authorization", $"Bearer {options.Token}");
            }

            string scheme = options.Secure ? "https" : "http";
            _channel = GrpcChannel.ForAddress($"{scheme}://{options.Address}", new GrpcChannelOptions
            {
                HttpHandler = options.HandlerFactory!(),
                DisposeHttpClient = true,
                MaxReceiveMessageSize = MaxReceiveBytes,
                MaxSendMessageSize = MaxSendBytes,
            });
            _invoker = _channel.CreateCallInvoker();
        }

        public StreamDitOptions Options { get; }

        /// <summary>What the engine serves at this moment.</summary>
        /// <exception cref="ConnectionFailedException">It does not answer.</exception>
        /// <exception cref="RejectedException">It does not want this client.</exception>
        public async Task<ServerInfo> ServerInfoAsync(CancellationToken cancel = default)
        {
            CallOptions call = CallOptions(cancel).WithDeadline(DateTime.UtcNow.AddSeconds(Options.TimeoutS));
            try
            {
                return await _invoker.AsyncUnaryCall(Convert.GetServerInfo, null, call, new object())
                    .ResponseAsync.ConfigureAwait(false);
            }
            catch (RpcException) when (cancel.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancel);
            }
            catch (RpcException error)
            {
                throw Refusal.From(Options, error);
            }
        }

        /// <summary>
        /// A session that returns at once and opens by itself, trying again until an engine answers: watch its Status
        /// and Error, or await WaitForOpenedAsync.
        /// </summary>
        /// <exception cref="ArgumentException">A wish that no engine would take.</exception>
        public StreamDitSession Play(Opening opening)
        {
            opening.Check();
            return new StreamDitSession(this, opening.Copy());
        }

        /// <summary>The same, opened; an engine that is still starting gets Options.TimeoutS.</summary>
        /// <exception cref="RejectedException">The engine refused; names reason, field and value.</exception>
        /// <exception cref="ConnectionFailedException">None answered in time.</exception>
        public async Task<StreamDitSession> PlayAsync(Opening opening, CancellationToken cancel = default)
        {
            StreamDitSession session = Play(opening);
            try
            {
                await session.WaitForOpenedAsync(cancel).ConfigureAwait(false);
                return session;
            }
            catch
            {
                session.Dispose();
                throw;
            }
        }

        /// <summary>Closes the connection; what is still played on it ends with ConnectionLost.</summary>
        public void Dispose() => _channel.Dispose();

        internal Task<Connection> ConnectAsync(
            Opening opening,
            FrameMailbox frames,
            Outbox outbox,
            SessionMeter meter,
            IConnectionListener listener,
            CancellationToken cancel) =>
            Connection.OpenAsync(_invoker, CallOptions(cancel), Options, opening, frames, outbox, meter, listener);

        private CallOptions CallOptions(CancellationToken cancel) =>
            new CallOptions(headers: _metadata, cancellationToken: cancel);
    }
}
