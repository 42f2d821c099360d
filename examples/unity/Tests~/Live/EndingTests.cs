#nullable enable
using System;
using System.IO;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;

namespace StreamDit.Tests
{
    /// <summary>However a session ends or a connection breaks, there is a reason, and the game keeps running.</summary>
    public sealed class EndingTests
    {
        [Test]
        public async Task A_session_that_is_closed_has_the_engines_totals()
        {
            using StreamDitClient client = Engines.Shared.Client();
            using StreamDitSession session = await client.PlayAsync(new Opening());
            (await Until.Frame(session)).Dispose();
            Closed closed = await session.CloseAsync("enough");
            Assert.That(closed.Reason, Is.EqualTo(ClosedReason.ClientClosed));
            Assert.That(closed.Totals!.FramesSent, Is.GreaterThan(0));
            Assert.That(await session.WaitForClosedAsync(), Is.SameAs(closed));
            Assert.That(session.Closed, Is.SameAs(closed));
            Assert.That(session.State("x", 1f), Is.Zero); // nobody to send it to, and no error
            Assert.That(session.Prompt("a fox"), Is.Zero);
        }

        [Test]
        public async Task Disposing_and_cancelling_end_at_once_and_free_the_place()
        {
            StreamDitOptions options = Engines.Strict.Options();
            options.Token = Engines.Token;
            using var client = new StreamDitClient(options);
            StreamDitSession session = await client.PlayAsync(new Opening());
            (await Until.Frame(session)).Dispose();
            ValueTask<FrameSlot?> waiting = session.NextFrameAsync();
            session.Dispose();
            session.Dispose();
            Closed closed = await session.WaitForClosedAsync();
            Assert.That(closed.Reason, Is.EqualTo(ClosedReason.ClientClosed));
            (await waiting)?.Dispose();
            await Until.True(
                () => client.ServerInfoAsync().GetAwaiter().GetResult().ActiveSessions == 0, what: "an empty engine");

            using var cancelled = new CancellationTokenSource();
            cancelled.Cancel();
            Assert.CatchAsync<OperationCanceledException>(() => client.PlayAsync(new Opening(), cancelled.Token));
            Assert.CatchAsync<OperationCanceledException>(() => client.ServerInfoAsync(cancelled.Token));
            using StreamDitSession next = await client.PlayAsync(new Opening());
            (await Until.Frame(next)).Dispose();
            await next.CloseAsync();
        }

        [Test]
        public async Task Nobody_there_is_said_with_what_to_do()
        {
            using Relay nobody = new Relay(1); // a free port that refuses
            string address = nobody.Address;
            nobody.Dispose();
            var options = new StreamDitOptions
            {
                Address = address,
                Reconnect = false,
                HandlerFactory = () => new Http2Handler(),
            };
            using var client = new StreamDitClient(options);
            using StreamDitSession session = client.Play(new Opening());
            var error = Assert.ThrowsAsync<ConnectionFailedException>(() => session.WaitForOpenedAsync());
            Assert.That(
                error!.Message, Does.StartWith($"no engine at {address}").And.Contain("streamdit-engine serve"));
            Assert.That((await session.WaitForClosedAsync()).Reason, Is.EqualTo(ClosedReason.ConnectionLost));
            Assert.ThrowsAsync<ConnectionFailedException>(() => client.ServerInfoAsync());
            TestContext.WriteLine(error.Message);
        }

        [TestCase("http://localhost:50051", "host:port")]
        [TestCase("localhost", "host:port")]
        public void An_address_that_is_none_is_refused_before_anything_is_sent(string address, string expected)
        {
            var options = new StreamDitOptions { Address = address, HandlerFactory = () => new Http2Handler() };
            var error = Assert.Throws<ArgumentException>(() => new StreamDitClient(options));
            Assert.That(error!.Message, Does.Contain($"'{address}'").And.Contain(expected));
        }

        [Test]
        public async Task A_game_plays_on_after_its_engine_was_killed_and_started_again()
        {
            Engine engine = Engine.Start();
            int port = engine.Port;
            StreamDitOptions once = engine.Options();
            once.Reconnect = false;
            using var fragile = new StreamDitClient(once);
            using StreamDitSession mortal = await fragile.PlayAsync(new Opening());
            using StreamDitClient client = engine.Client();
            using StreamDitSession session = await client.PlayAsync(new Opening { Prompt = "a pig in a meadow" });
            ulong said = session.Prompt("a fox in snow");
            session.State("x", 90f);
            await Reached(session, said);
            string first = session.Opened!.SessionId;
            engine.Kill();
            Closed lost = await mortal.WaitForClosedAsync();
            Assert.That(lost.Reason, Is.EqualTo(ClosedReason.ConnectionLost), lost.ToString());
            await Until.True(() => session.Status == SessionStatus.Reconnecting, what: "another try");
            Assert.That(session.Error, Is.Not.Null);
            session.State("x", 30f); // waits
            using Engine again = Engine.StartAt(port);
            await Until.True(() => session.Status == SessionStatus.Playing);
            Assert.That(session.Opened!.SessionId, Is.Not.EqualTo(first));
            Assert.That(session.Error, Is.Null);
            Assert.That(session.LastPrompt, Is.EqualTo("a fox in snow"));
            await Reached(session, session.State("x", 50f));
            Assert.That(session.Stats().PromptInForce, Is.EqualTo("a fox in snow"));

            // Stopped in order, it says so before it ends.
            using StreamDitSession last = await fragile.PlayAsync(new Opening());
            again.Terminate();
            Assert.That((await Until.News<Draining>(last)).DeadlineS, Is.GreaterThan(0));
            Assert.That((await last.WaitForClosedAsync()).Reason, Is.EqualTo(ClosedReason.ServerDraining));
            Assert.That((await session.CloseAsync()).Reason, Is.EqualTo(ClosedReason.ClientClosed));
        }

        [Test]
        public async Task A_session_goes_on_where_its_connection_broke()
        {
            using var relay = new Relay(Engines.Shared.Port);
            StreamDitOptions options = Engines.Shared.Options();
            options.Address = relay.Address;
            using var client = new StreamDitClient(options);
            using StreamDitSession session = await client.PlayAsync(new Opening { Prompt = "a pig in a meadow" });
            ulong before = session.State("x", 90f);
            FrameSlot frame = await Reached(session, before);
            ulong frameId = frame.FrameId;
            Opened first = session.Opened!;
            relay.Cut();
            await Until.True(() => session.Opened != first && session.Status == SessionStatus.Playing);
            Assert.That(session.Opened!.Resumed, Is.True);
            Assert.That(session.WorldsLost, Is.Zero);
            Assert.That(session.Opened!.SessionId, Is.EqualTo(first.SessionId));
            frame = await Reached(session, session.State("x", 30f));
            Assert.That(frame.FrameId, Is.GreaterThan(frameId));
        }

        // One that takes every frame is given up for what it did not read, long before its silence: 256 frames, 16 a second.
        [TestCase(Delivery.Latest, "4", 7)]
        [TestCase(Delivery.All, "60", 19)]
        public async Task A_game_that_stood_still_for_longer_than_the_engine_waits_plays_on(
            Delivery delivery, string idleTimeoutS, int stillS)
        {
            using Engine engine = Engine.Start("--idle-timeout", idleTimeoutS);
            using StreamDitClient client = engine.Client();
            var opening = new Opening { Prompt = "a pig in a meadow", Delivery = delivery };
            using StreamDitSession session = await client.PlayAsync(opening);
            Opened first = session.Opened!;
            // As a phone in a pocket: this very process sleeps.
            string self = System.Diagnostics.Process.GetCurrentProcess().Id.ToString();
            using System.Diagnostics.Process sleeping = System.Diagnostics.Process.Start(
                "sh", new[] { "-c", $"kill -STOP $0; sleep {stillS}; kill -CONT $0", self });
            await sleeping.WaitForExitAsync();
            await Until.True(
                () => session.Closed != null
                    || (session.Status == SessionStatus.Playing && !ReferenceEquals(session.Opened, first)),
                30,
                "another session");
            Assert.That(session.Closed, Is.Null);
        }

        [Test]
        public async Task A_silent_client_is_closed_as_idle()
        {
            StreamDitOptions options = Engines.Strict.Options();
            (options.Token, options.HeartbeatEveryS) = (Engines.Token, 60.0);
            using var client = new StreamDitClient(options);
            using StreamDitSession session = await client.PlayAsync(new Opening { Delivery = Delivery.Lockstep });
            Assert.That((await session.WaitForClosedAsync()).Reason, Is.EqualTo(ClosedReason.Idle));
        }

        [Test]
        public async Task Without_the_token_nobody_comes_in()
        {
            StreamDitOptions options = Engines.Strict.Options();
            using (var stranger = new StreamDitClient(options))
            {
                var error = Assert.ThrowsAsync<RejectedException>(() => stranger.PlayAsync(new Opening()));
                Assert.That(error!.Reason, Is.EqualTo("UNAUTHENTICATED"));
            }

            options.Token = Engines.Token;
            using var friend = new StreamDitClient(options);
            using StreamDitSession session = await friend.PlayAsync(new Opening());
            (await Until.Frame(session)).Dispose();
            await session.CloseAsync();
        }

        [Test]
        public async Task Encrypted_and_plain_do_not_mix_and_the_message_says_what_to_switch()
        {
            string folder = Directory.CreateTempSubdirectory("streamdit-").FullName;
            try
            {
                (string certificate, string key) = WriteCertificate(folder);
                using Engine encrypted = Engine.Start("--tls-cert", certificate, "--tls-key", key);
                Assert.That(Fails(encrypted, secure: false).Message, Does.Contain("switch Secure on"));
                Assert.That(Fails(Engines.Shared, secure: true).Message, Does.Contain("switch Secure off"));
                Assert.That(Fails(encrypted, secure: true).Message, Does.Contain("let the handler trust it"));

                StreamDitOptions options = encrypted.Options();
                options.Address = $"localhost:{encrypted.Port}";
                options.Secure = true;
                options.HandlerFactory = () => new Http2Handler((_, __, ___, ____) => true);
                using var client = new StreamDitClient(options);
                using StreamDitSession session = await client.PlayAsync(new Opening());
                (await Until.Frame(session)).Dispose();
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        private static ConnectionFailedException Fails(Engine engine, bool secure)
        {
            StreamDitOptions options = engine.Options();
            (options.Secure, options.Reconnect) = (secure, false);
            using var client = new StreamDitClient(options);
            var error = Assert.ThrowsAsync<ConnectionFailedException>(() => client.PlayAsync(new Opening()));
            TestContext.WriteLine(error!.Message);
            return error;
        }

        internal static (string Certificate, string Key) WriteCertificate(string folder)
        {
            using RSA rsa = RSA.Create(2048);
            var request = new CertificateRequest("CN=localhost", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("localhost");
            request.CertificateExtensions.Add(names.Build());
            using X509Certificate2 made = request.CreateSelfSigned(
                DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            (string certificate, string key) = (Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"));
            File.WriteAllText(certificate, made.ExportCertificatePem());
            File.WriteAllText(key, rsa.ExportPkcs8PrivateKeyPem());
            return (certificate, key);
        }

        /// <summary>The first frame that obeys the event, given back.</summary>
        private static async Task<FrameSlot> Reached(StreamDitSession session, ulong eventId)
        {
            while (true)
            {
                FrameSlot frame = await Until.Frame(session);
                frame.Dispose();
                if (frame.LastEventId >= eventId)
                {
                    return frame;
                }
            }
        }
    }
}
