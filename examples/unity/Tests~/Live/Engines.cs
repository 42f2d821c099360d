#nullable enable
using System;
using NUnit.Framework;

namespace StreamDit.Tests
{
    /// <summary>Engines that several tests play on, started when the first one asks: loading a world takes seconds.</summary>
    [SetUpFixture]
    public sealed class Engines
    {
        public const string Token = "sesame";

        private static readonly object Lock = new object();
        private static Engine? _shared;
        private static Engine? _strict;

        /// <summary>Room for eight, nothing asked for.</summary>
        internal static Engine Shared
        {
            get
            {
                lock (Lock)
                {
                    return _shared ??= Engine.Start("--max-sessions", "8");
                }
            }
        }

        /// <summary>Room for one, who knows the token and says something every four seconds.</summary>
        internal static Engine Strict
        {
            get
            {
                lock (Lock)
                {
                    return _strict ??= Engine.Start(
                        "--max-sessions", "1", "--token", Token, "--idle-timeout", "4", "--resume", "0");
                }
            }
        }

        [OneTimeTearDown]
        public void StopAll()
        {
            _shared?.Dispose();
            _strict?.Dispose();
        }
    }
}
