#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace StreamDit.Unity
{
    /// <summary>
    /// A session as the main thread sees it: what happened comes out as events of <see cref="Poll"/>, what went wrong as
    /// sentences for people, and the newest frame as a texture. Never waits but in <see cref="Close"/>; what it throws is a
    /// listener's.
    /// </summary>
    public sealed class EngineLink : IDisposable
    {
        private const double CloseWithinS = 1.5;
        private const int MaxPendingPrompts = 64;
        private const int MaxSaid = 256;

        private readonly Queue<KeyValuePair<ulong, string>> _pendingPrompts = new Queue<KeyValuePair<ulong, string>>();
        private readonly HashSet<string> _said = new HashSet<string>();
        private StreamDitClient? _client;
        private Exception? _lastError;
        private Task<ServerInfo>? _worlds;
        private double _nowS;
        private Task<Closed>? _closing;
        private string? _refused; // why there is no session, to be told at the next Poll
        private int _rung = -1;

        public EngineLink(LinkSettings settings)
        {
            Settings = settings;
            Picture = new FrameTexture(settings.expandToRgba);
        }

        /// <summary>A session was opened, the first time or again.</summary>
        public event Action<Opened>? WasOpened;

        /// <summary>A prompt is in the picture from now on.</summary>
        public event Action<string>? PromptApplied;

        /// <summary>Another quality rung, 0 is best.</summary>
        public event Action<int>? RungChanged;

        /// <summary>Something for a person to read; each text once.</summary>
        public event Action<string>? TroubleCame;

        /// <summary>It is over for good.</summary>
        public event Action<Closed>? WasClosed;

        public LinkSettings Settings { get; }

        public StreamDitSession? Session { get; private set; }

        /// <summary>What was chosen; null before the session was opened.</summary>
        public Opened? Opened { get; private set; }

        public Closed? Closed { get; private set; }

        public FrameTexture Picture { get; }

        /// <summary>The newest trouble; "" while all is well.</summary>
        public string Trouble { get; private set; } = "";

        public EventLog Log { get; } = new EventLog();

        public bool IsPlaying => Session != null && Session.Status == SessionStatus.Playing;

        /// <summary>Begins to dial and returns at once; what is wrong with the settings is told at the next Poll.</summary>
        public void Open()
        {
            if (Session != null || Closed != null)
            {
                return;
            }

            if (Lifetime.IsClosing)
            {
                Closed = new Closed(ClosedReason.ClientClosed, "not opened: all sessions are being closed");
                Note(Closed.Detail);
                return; // nobody is told: a listener that opens again would never end
            }

            Lifetime.Last = this;
            Note($"dialling {Settings.address}");
            _refused = Settings.AddressTrouble();
            if (_refused != null)
            {
                return;
            }

            string? overheard = Settings.TokenTrouble();
            if (overheard != null)
            {
                Report(overheard);
            }

            try
            {
                _client = new StreamDitClient(Settings.Options());
                Session = _client.Play(Settings.Opening());
                Lifetime.Add(this);
            }
            catch (Exception error)
            {
                _client?.Dispose();
                _client = null;
                _refused = error.Message; // an option or a wish that no engine would take, or no native library
            }
        }

        /// <summary>Once per turn of the main thread. Allocates nothing while nothing happens.</summary>
        /// <param name="nowS">Any rising clock; for the log.</param>
        public void Poll(double nowS)
        {
            _nowS = nowS;
            if (_refused != null && Closed == null)
            {
                Report(_refused);
                End(new Closed(ClosedReason.ConnectionLost, _refused));
            }

            if (Session == null || Closed != null)
            {
                return;
            }

            ReadOpened(Session);
            ReadError(Session);
            ReadNews(Session);
            ReadApplied(Session);
            if (Session.Closed is Closed closed && _worlds == null)
            {
                Release();
                End(closed);
            }
        }

        /// <summary>Puts the newest frame into <see cref="Picture"/>; true if there was one. Whoever asks first uploads it.</summary>
        public bool RefreshPicture()
        {
            if (Session == null || !Session.Frames.TryTake(out FrameSlot? frame) || frame == null)
            {
                return false;
            }

            using (frame)
            {
                string? trouble = Picture.Show(frame);
                if (trouble != null)
                {
                    Report(trouble + "; the picture before it stays.");
                }
                else if (Opened != null && (frame.Width != Opened.World.Width || frame.Height != Opened.World.Height))
                {
                    Report(Advice.ForFrameSize(frame.Width, frame.Height, Opened.World));
                }

                Rung(frame.Rung);
                return trouble == null;
            }
        }

        /// <summary>What the world should be. Before the session is open it becomes the opening prompt of the next try.</summary>
        public void Prompt(string text, PromptTransition transition = PromptTransition.Immediate)
        {
            if (Session == null || Closed != null)
            {
                Settings.prompt = text;
                return;
            }

            ulong eventId = Session.Prompt(text, transition);
            if (_pendingPrompts.Count == MaxPendingPrompts)
            {
                _pendingPrompts.Dequeue();
            }

            _pendingPrompts.Enqueue(new KeyValuePair<ulong, string>(eventId, text));
            Note($"prompt: {text}");
        }

        /// <summary>Ends the session and waits for the engine's word, 1.5 s at most: nothing of it is left afterwards.</summary>
        public void Close(string why) => Close(why, CloseWithinS);

        internal void Close(string why, double withinS)
        {
            BeginClose(why);
            if (_closing == null || Closed != null)
            {
                return;
            }

            try
            {
                _closing.Wait(TimeSpan.FromSeconds(withinS));
            }
            catch (AggregateException error)
            {
                Note($"closing: {error.GetBaseException().Message}");
            }

            bool told = _closing.Status == TaskStatus.RanToCompletion;
            Closed closed = told ? _closing.Result : new Closed(ClosedReason.ClientClosed, why);
            Release();
            End(closed);
        }

        /// <summary>
        /// Ends the session and returns at once: the engine is told meanwhile, which a reload or the end of the game waits for.
        /// </summary>
        public void CloseInBackground(string why)
        {
            if (Session == null || Closed != null)
            {
                return;
            }

            BeginClose(why);
            (StreamDitSession session, StreamDitClient? client) = (Session, _client);
            _client = null;
            Lifetime.Remove(this);
            Lifetime.Await(_closing!.ContinueWith(
                closing =>
                {
                    _ = closing.Exception; // seen
                    session.Dispose();
                    client?.Dispose();
                },
                TaskScheduler.Default));
            End(new Closed(ClosedReason.ClientClosed, why));
        }

        /// <summary>The engine is told from here on.</summary>
        internal void BeginClose(string why)
        {
            if (Session == null || Closed != null || _closing != null)
            {
                return;
            }

            StreamDitSession session = Session;
            // Off the main thread, so that nothing in it waits for the main thread, which may wait for it.
            _closing = Task.Run(() => session.CloseAsync(why));
        }

        /// <summary>Closes in the background, and gives up the texture.</summary>
        public void Dispose()
        {
            CloseInBackground("disposed");
            Picture.Dispose();
        }

        /// <summary>Something a person should know; each text is told once.</summary>
        public void Report(string trouble)
        {
            Trouble = trouble;
            if (_said.Count >= MaxSaid)
            {
                _said.Clear();
            }

            if (_said.Add(trouble))
            {
                Note(trouble);
                TroubleCame?.Invoke(trouble);
            }
        }

        /// <summary>A line for the log.</summary>
        public void Note(string text) => Log.Add(_nowS, text);

        private void ReadOpened(StreamDitSession session)
        {
            Opened? opened = session.Opened;
            if (opened == null || ReferenceEquals(opened, Opened))
            {
                return;
            }

            Opened = opened;
            Trouble = "";
            _said.Clear();
            WorldInfo world = opened.World;
            Note($"playing world {world.Name}, {world.Width}x{world.Height} at {world.Fps} fps, profile {opened.Profile}, "
                + $"seed {opened.Seed}{(opened.Resumed ? ", where it was" : "")}");
            WasOpened?.Invoke(opened);
        }

        private void ReadError(StreamDitSession session)
        {
            Exception? error = session.Error;
            if (error != null && !ReferenceEquals(error, _lastError))
            {
                _lastError = error;
                if (error is RejectedException rejected && rejected.Reason == "UNKNOWN_WORLD" && _client != null)
                {
                    _worlds = _client.ServerInfoAsync(); // to name the one that was meant
                }
                else
                {
                    Report(Advise(error, null));
                }
            }

            if (_worlds != null && _worlds.IsCompleted && _lastError != null)
            {
                ReportWorlds(_worlds, _lastError);
                _worlds = null;
            }
        }

        private void ReportWorlds(Task<ServerInfo> answer, Exception error)
        {
            bool answered = answer.Status == TaskStatus.RanToCompletion;
            Report(Advise(error, answered ? answer.Result.Worlds.Select(world => world.Name).ToList() : null));
        }

        private string Advise(Exception error, IReadOnlyList<string>? worlds) =>
            Advice.For(error, Settings.address, Settings.secure, Settings.world, worlds);

        private void ReadNews(StreamDitSession session)
        {
            while (session.TryTakeNews(out News? news))
            {
                switch (news)
                {
                    case EventRejected rejected:
                        Report($"The engine ignored an event, {rejected.Reason}: {rejected.Detail}");
                        break;
                    case Notice notice when notice.Code == "UNKNOWN_WORDS":
                        Report(Advice.ForUnknownWords(notice));
                        break;
                    case Notice notice when notice.Code == "RUNG_CHANGED":
                        Note($"quality: {notice.Detail}");
                        Rung(session.Stats().Rung ?? _rung); // also while nobody looks at the picture
                        break;
                    case Draining draining:
                        Report($"The engine goes down within {draining.DeadlineS:0} s. {draining.Detail}");
                        break;
                    default:
                        Note(news!.ToString());
                        break;
                }
            }
        }

        private void ReadApplied(StreamDitSession session)
        {
            while (session.TryTakeApplied(out EventApplied applied))
            {
                string? text = null;
                while (_pendingPrompts.Count > 0 && _pendingPrompts.Peek().Key <= applied.EventId)
                {
                    KeyValuePair<ulong, string> pending = _pendingPrompts.Dequeue();
                    text = pending.Key == applied.EventId ? pending.Value : text;
                }

                if (text != null)
                {
                    Note($"prompt applied at frame {applied.FrameId}: {text}");
                    PromptApplied?.Invoke(text);
                }
            }
        }

        private void Rung(int rung)
        {
            bool first = _rung < 0;
            if (rung == _rung)
            {
                return;
            }

            _rung = rung;
            if (!first || rung > 0)
            {
                Note($"rung {rung}");
                RungChanged?.Invoke(rung);
            }
        }

        private void Release()
        {
            Lifetime.Remove(this);
            Session?.Dispose();
            _client?.Dispose();
            _client = null;
        }

        private void End(Closed closed)
        {
            Closed = closed;
            string meaning = Advice.ForClosed(closed);
            if (closed.Reason != ClosedReason.ClientClosed && Trouble.Length == 0)
            {
                Report(meaning);
            }

            Note(meaning);
            WasClosed?.Invoke(closed);
        }
    }
}
