#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace StreamDit.Tests
{
    /// <summary>Carries bytes between a client and the engine until it is stopped or cut.</summary>
    internal sealed class Relay : IDisposable
    {
        private readonly int _enginePort;
        private readonly TcpListener _listener = new TcpListener(IPAddress.Loopback, 0);
        private readonly List<TcpClient> _lines = new List<TcpClient>();
        private readonly ManualResetEventSlim _open = new ManualResetEventSlim(true);
        private readonly ManualResetEventSlim _openUp = new ManualResetEventSlim(true);

        public Relay(int enginePort)
        {
            _enginePort = enginePort;
            _listener.Start();
            _ = Task.Run(AcceptAsync);
        }

        public string Address => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

        /// <summary>Nothing comes through towards the client until `GoOn`, as in a client that does not read.</summary>
        public void Stall() => _open.Reset();

        /// <summary>Nothing comes through towards the engine until `GoOn`, as from a client that hangs.</summary>
        public void Mute() => _openUp.Reset();

        public void GoOn()
        {
            _open.Set();
            _openUp.Set();
        }

        /// <summary>Breaks every connection, without a word.</summary>
        public void Cut()
        {
            lock (_lines)
            {
                foreach (TcpClient line in _lines)
                {
                    line.Client?.Close(0); // null: closed before
                }

                _lines.Clear();
            }
        }

        public void Dispose()
        {
            _listener.Stop();
            Cut();
            GoOn();
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    TcpClient client = await _listener.AcceptTcpClientAsync();
                    // Small, so that a stalled client is felt by the engine at once and not after megabytes.
                    var engine = new TcpClient { ReceiveBufferSize = 8192 };
                    client.SendBufferSize = 8192;
                    await engine.ConnectAsync(IPAddress.Loopback, _enginePort);
                    lock (_lines)
                    {
                        _lines.Add(client);
                        _lines.Add(engine);
                    }

                    _ = Task.Run(() => Copy(client, engine, _openUp));
                    _ = Task.Run(() => Copy(engine, client, _open));
                }
            }
            catch (Exception error) when (error is SocketException || error is ObjectDisposedException)
            {
                // Disposed, or the engine is gone.
            }
        }

        private static void Copy(TcpClient from, TcpClient to, ManualResetEventSlim open)
        {
            var buffer = new byte[4096];
            try
            {
                NetworkStream source = from.GetStream();
                NetworkStream target = to.GetStream();
                while (true)
                {
                    open.Wait();
                    int count = source.Read(buffer, 0, buffer.Length);
                    if (count == 0)
                    {
                        break;
                    }

                    open.Wait();
                    target.Write(buffer, 0, count);
                }
            }
            catch (Exception error) when (
                error is IOException || error is ObjectDisposedException || error is InvalidOperationException)
            {
                // Cut.
            }

            from.Close();
            to.Close();
        }
    }
}
