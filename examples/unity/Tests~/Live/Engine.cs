#nullable enable
using System;
using System.Diagnostics;
using System.IO;
using System.Net.Http;
using System.Net.Security;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;

namespace StreamDit.Tests
{
    /// <summary>What `make unity-test` says about the Python side; without it the live tests are passed over.</summary>
    internal static class Python
    {
        public static string Engine => Required("STREAMDIT_ENGINE");

        public static string Bots => Required("STREAMDIT_BOTS");

        public static string Interpreter => Required("STREAMDIT_PYTHON");

        /// <summary>Runs a script of this folder with the SDK's interpreter; returns what it printed.</summary>
        public static string Run(string script, params string[] arguments)
        {
            string path = Path.Combine(TestContext.CurrentContext.TestDirectory, "Live", script);
            string[] all = new string[arguments.Length + 1];
            all[0] = path;
            arguments.CopyTo(all, 1);
            using Process process = Start(Interpreter, all);
            string printed = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.That(process.ExitCode, Is.Zero, $"{script} failed, see stderr");
            return printed;
        }

        public static Process Start(string program, params string[] arguments)
        {
            var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, UseShellExecute = false };
            foreach (string argument in arguments)
            {
                start.ArgumentList.Add(argument);
            }

            return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        }

        private static string Required(string name)
        {
            string? value = Environment.GetEnvironmentVariable(name);
            if (string.IsNullOrEmpty(value))
            {
                Assert.Ignore($"{name} is not set: `make unity-test` sets it, by hand see Tests~/README.md");
            }

            return value!;
        }
    }

    /// <summary>A real engine in a process of its own, serving critters.</summary>
    internal sealed class Engine : IDisposable
    {
        private const string Ready = "serving world ";
        private readonly Process _process;

        private Engine(Process process, string address)
        {
            _process = process;
            Address = address;
        }

        public string Address { get; }

        public int Port => int.Parse(Address.Substring(Address.LastIndexOf(':') + 1));

        public static Engine Start(params string[] arguments) => StartAt(0, arguments);

        public static Engine StartAt(int port, params string[] arguments)
        {
            string[] all = new string[arguments.Length + 3];
            (all[0], all[1], all[2]) = ("serve", "--port", port.ToString());
            arguments.CopyTo(all, 3);
            return Served(Python.Start(Python.Engine, all));
        }

        /// <summary>An engine that a script of this folder serves.</summary>
        public static Engine StartScript(string script, params string[] arguments)
        {
            string[] all = new string[arguments.Length + 1];
            all[0] = Path.Combine(TestContext.CurrentContext.TestDirectory, "Live", script);
            arguments.CopyTo(all, 1);
            return Served(Python.Start(Python.Interpreter, all));
        }

        private static Engine Served(Process process)
        {
            while (process.StandardOutput.ReadLine() is string line)
            {
                if (line.StartsWith(Ready, StringComparison.Ordinal))
                {
                    // serving world NAME on HOST:PORT (BACKEND)
                    string address = line.Split(" on ")[1].Split(' ')[0];
                    _ = process.StandardOutput.ReadToEndAsync(); // so that it never waits for us
                    return new Engine(process, address);
                }
            }

            process.WaitForExit();
            throw new InvalidOperationException($"the engine ended with status {process.ExitCode} before it served");
        }

        public StreamDitOptions Options() => new StreamDitOptions
        {
            Address = Address,
            TimeoutS = 30.0,
            HandlerFactory = () => new Http2Handler(),
        };

        public StreamDitClient Client() => new StreamDitClient(Options());

        /// <summary>As a power cut would.</summary>
        public void Kill()
        {
            _process.Kill();
            _process.WaitForExit();
        }

        public void Terminate() => Signal("-TERM");

        /// <summary>As a machine that sleeps: nothing is closed, nothing answers.</summary>
        public void Stop() => Signal("-STOP");

        private void Signal(string signal)
        {
            using Process kill = Process.Start("kill", new[] { signal, _process.Id.ToString() });
            kill.WaitForExit();
        }

        public void Dispose()
        {
            if (!_process.HasExited)
            {
                Kill();
            }

            _process.Dispose();
        }
    }

    /// <summary>
    /// HTTP/2 and nothing else, as YetAnotherHttpHandler with Http2Only: the netstandard2.1 build of Grpc.Net.Client
    /// cannot ask for it itself.
    /// </summary>
    internal sealed class Http2Handler : DelegatingHandler
    {
        public Http2Handler(RemoteCertificateValidationCallback? trust = null)
            : base(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = trust } })
        {
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
        {
            request.Version = System.Net.HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            return base.SendAsync(request, cancel);
        }
    }

    internal static class Until
    {
        /// <summary>Waits for what another thread or process will bring about.</summary>
        public static async Task True(Func<bool> true_, double withinS = 30.0, string what = "it")
        {
            var clock = Stopwatch.StartNew();
            while (!true_())
            {
                Assert.That(clock.Elapsed.TotalSeconds, Is.LessThan(withinS), $"{what} did not happen in time");
                await Task.Delay(5);
            }
        }

        /// <summary>The next frame, which must come.</summary>
        public static async Task<FrameSlot> Frame(StreamDitSession session, double withinS = 30.0)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(withinS));
            FrameSlot? frame = await session.NextFrameAsync(patience.Token);
            Assert.That(frame, Is.Not.Null, $"the session ended: {session.Closed}");
            return frame!;
        }

        /// <summary>The next news of this kind.</summary>
        public static async Task<T> News<T>(StreamDitSession session, double withinS = 30.0)
            where T : News
        {
            T? found = null;
            await True(
                () =>
                {
                    while (found == null && session.TryTakeNews(out News? news))
                    {
                        found = news as T;
                    }

                    return found != null;
                },
                withinS,
                typeof(T).Name);
            return found!;
        }
    }
}
