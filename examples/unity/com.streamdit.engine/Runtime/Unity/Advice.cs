#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;

namespace StreamDit.Unity
{
    /// <summary>What went wrong, for somebody who builds a game: what it means and what to do. Pure.</summary>
    public static class Advice
    {
        // How the libraries below us say that one side speaks TLS and the other does not, or that a certificate is not
        // trusted: rustls and hyper (YetAnotherHttpHandler), then .NET's own. Matched without regard to case.
        private static readonly string[] NotTls =
        {
            "InvalidContentType", "corrupt message", "wrong version number", "Cannot determine the frame size",
            "frame size or a corrupted frame", "unexpected packet format",
        };

        private static readonly string[] NotTrusted =
        {
            "UnknownIssuer", "invalid peer certificate", "remote certificate", "certificate is invalid", "NotValidForName",
        };

        private static readonly string[] NotPlain =
        {
            "frame with invalid size", "HTTP/2 handshake", "HTTP_1_1_REQUIRED", "http2 error", "invalid HTTP version",
            "ResponseEnded", "response ended", "connection closed before message completed", "invalid response",
        };

        /// <param name="worlds">What the engine serves, if it could be asked.</param>
        public static string For(Exception error, string address, bool secure, string world, IReadOnlyList<string>? worlds = null)
        {
            return error switch
            {
                RejectedException rejected => ForRejected(rejected, address, world, worlds),
                ConnectionFailedException failed => ForUnreachable(failed, address, secure),
                SessionClosedException closed => ForClosed(closed.Closed),
                _ => error.Message,
            };
        }

        /// <summary>Why a session is over.</summary>
        public static string ForClosed(Closed closed)
        {
            string meaning = closed.Reason switch
            {
                ClosedReason.ClientClosed => "The game ended the session.",
                ClosedReason.ClientGone => "The engine lost sight of the game.",
                ClosedReason.Idle => "The engine heard nothing from the game for too long; was the game paused?",
                ClosedReason.TooSlow => "The game took its frames too slowly.",
                ClosedReason.ServerDraining => "The engine is going down.",
                ClosedReason.EngineFailed => "The engine failed; its log says why.",
                ClosedReason.ConnectionLost => "The connection to the engine broke.",
                _ => "The engine refused.",
            };
            return closed.Detail.Length > 0 ? $"{meaning} ({closed})" : meaning;
        }

        /// <summary>A name written in the inspector that is none of those there are.</summary>
        /// <param name="what">E.g. "State field".</param>
        /// <param name="where">E.g. "in the inspector of 'Player'".</param>
        public static string ForUnknownName(
            string what, string written, string where, IReadOnlyCollection<string> known, string owner)
        {
            string? nearest = NearestName.Of(written, known);
            string remedy = nearest != null ? $" Did you mean '{nearest}'?" : "";
            string list = known.Count > 0 ? $" {owner} has: {string.Join(", ", known)}." : $" {owner} has none.";
            return $"{what} '{written}' {where} is not one of {owner}.{remedy}{list}";
        }

        public static string ForFrameSize(int width, int height, WorldInfo world) =>
            $"The engine sends frames of {width}x{height}; world '{world.Name}' was announced with "
            + $"{world.Width}x{world.Height}. The screen follows, and the game goes on.";

        public static string ForUnknownWords(Notice notice) =>
            $"The world does not know the word{(notice.Words.Count == 1 ? "" : "s")} "
            + $"{string.Join(", ", notice.Words.Select(word => $"'{word}'"))}; the rest of the prompt counts.";

        private static string ForRejected(
            RejectedException rejected, string address, string world, IReadOnlyList<string>? worlds)
        {
            switch (rejected.Reason)
            {
                case "UNKNOWN_WORLD" when worlds != null:
                    return ForUnknownName("World", world, "in the inspector", worlds, $"the engine at {address}");
                case "UNKNOWN_WORLD":
                    return $"The engine at {address} has no world '{world}'. ({rejected.Detail})";
                case "API_VERSION_UNSUPPORTED":
                    return "The engine and this package speak different versions of the API: install the package"
                        + $" com.streamdit.engine that belongs to the engine. ({rejected.Detail})";
                case "UNKNOWN_PROFILE":
                    return $"The world has no such profile; leave the field empty for its default. ({rejected.Detail})";
                case "SERVER_FULL":
                    return $"The engine at {address} serves as many sessions as it can; it is asked again."
                        + $" ({rejected.Detail})";
                case "UNAUTHENTICATED":
                    return $"The engine at {address} wants a token, and the one in the inspector is not it.";
                default:
                    return $"The engine refused: {rejected.Message}";
            }
        }

        private static string ForUnreachable(ConnectionFailedException failed, string address, bool secure)
        {
            string said = Chain(failed);
            string tail = $" ({failed.Detail})";
            if (secure && Says(said, NotTrusted))
            {
                return $"The engine at {address} shows a certificate that is not trusted here: put the PEM of the"
                    + " authority that signed it into 'Root Certificates'." + tail;
            }

            if (secure && Says(said, NotTls))
            {
                return $"The engine at {address} does not speak TLS: untick 'Secure', or start it with a certificate."
                    + tail;
            }

            if (!secure && Says(said, NotPlain))
            {
                return $"Something at {address} answers, but not as an engine without TLS does: tick 'Secure' if the"
                    + " engine was started with a certificate, or check the port." + tail;
            }

            return $"No engine answers at {address}. Is it running (streamdit-engine serve), and are host and port"
                + " right?" + tail;
        }

        private static string Chain(Exception? error)
        {
            string said = "";
            for (; error != null; error = error.InnerException)
            {
                said += error.GetType().Name + " " + error.Message + "\n";
            }

            return said;
        }

        private static bool Says(string text, string[] words) =>
            words.Any(word => text.IndexOf(word, StringComparison.OrdinalIgnoreCase) >= 0);
    }
}
