#nullable enable
using System;
using System.Net.Http;
using Cysharp.Net.Http;
using UnityEngine;

namespace StreamDit.Unity
{
    /// <summary>How frames come over the wire.</summary>
    public enum Picture
    {
        /// <summary>
        /// Plain pixels: nothing is decoded and nothing allocated. 6 Mbit/s at 128x128, 101 at 512x512: this machine or LAN.
        /// </summary>
        Raw,

        /// <summary>A tenth of that or less; Unity decodes on the main thread.</summary>
        Jpeg,
    }

    /// <summary>Which engine, which world: what the inspector and the editor window let you choose.</summary>
    [Serializable]
    public sealed class LinkSettings
    {
        [Tooltip("host:port of the engine, e.g. localhost:50051")]
        public string address = "localhost:50051";

        [Tooltip("TLS. The engine must have been started with a certificate.")]
        public bool secure;

        [Tooltip("PEM of the authority that signed the engine's certificate; empty: the public ones.")]
        [TextArea(1, 4)]
        public string rootCertificates = "";

        [Tooltip("Sent with every call; empty: none.")]
        public string token = "";

        [Tooltip("Empty: the engine's default world.")]
        public string world = "";

        [Tooltip("What the world should be at the start; empty: open where the world can, else its first example.")]
        [TextArea(1, 3)]
        public string prompt = "";

        [Tooltip("Empty: the world's default, e.g. responsive, balanced, cinematic.")]
        public string profile = "";

        [Tooltip("The same seed, prompt and states give the same frames; -1: the engine draws one.")]
        public long seed = -1;

        public Picture picture = Picture.Raw;

        [Tooltip("Write textures as RGBA32 instead of RGB24: a loop on the main thread, for cards without RGB24.")]
        public bool expandToRgba;

        [Tooltip("Try again when the connection breaks; the engine keeps the world for a while.")]
        public bool reconnect = true;

        /// <summary>null, or for people what is wrong with the address.</summary>
        public string? AddressTrouble()
        {
            bool whole = Uri.TryCreate($"http://{address}", UriKind.Absolute, out Uri? uri)
                && uri.Port > 0 && uri.PathAndQuery == "/" && uri.UserInfo.Length == 0 && uri.Fragment.Length == 0
                && address.EndsWith($":{uri.Port}", StringComparison.Ordinal) && address.Trim() == address;
            return whole
                ? null
                : $"The address is '{address}'; it must be host:port without http://, e.g. localhost:50051 or [::1]:50051.";
        }

        /// <summary>null, or for people what others could read on the way.</summary>
        internal string? TokenTrouble()
        {
            bool here = Uri.TryCreate($"http://{address}", UriKind.Absolute, out Uri? uri) && uri.IsLoopback;
            return token.Length == 0 || secure || here
                ? null
                : $"The token goes to {address} unencrypted: tick 'Secure' and start the engine with a certificate.";
        }

        /// <summary>The same with a token, which is kept nowhere.</summary>
        internal LinkSettings With(string secret)
        {
            var settings = (LinkSettings)MemberwiseClone();
            settings.token = secret;
            return settings;
        }

        internal StreamDitOptions Options() => new StreamDitOptions
        {
            Address = address,
            Secure = secure,
            Token = token.Length > 0 ? token : null,
            Reconnect = reconnect,
            HandlerFactory = Handler,
        };

        internal Opening Opening() => new Opening
        {
            World = world,
            Prompt = prompt.Length > 0 ? prompt : null,
            Profile = profile,
            Seed = seed >= 0 ? (ulong?)seed : null,
            Encodings = picture == Picture.Raw
                ? new[] { Encoding.Rgb24, Encoding.Jpeg }
                : new[] { Encoding.Jpeg, Encoding.Rgb24 },
        };

        // Unity's HttpClient has no HTTP/2. One handler is one connection; its own connect timeout is "never".
        private HttpMessageHandler Handler() => new YetAnotherHttpHandler
        {
            Http2Only = true,
            RootCertificates = rootCertificates.Length > 0 ? rootCertificates : null,
            ConnectTimeout = TimeSpan.FromSeconds(10),
        };
    }
}
