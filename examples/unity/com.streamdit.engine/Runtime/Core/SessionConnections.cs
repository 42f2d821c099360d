#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;

namespace StreamDit
{
    // How a session begins, goes on over another connection, and ends.
    internal sealed partial class SessionLife
    {
        private const double CloseTimeoutS = 1.0; // how long the engine may take to confirm

        private static readonly double[] BackOffS = { 0.5, 1.0, 2.0, 4.0 }; // the last one repeats

        public async Task<Opened> WaitForOpenedAsync(CancellationToken cancel)
        {
            double timeoutS = _client.Options.TimeoutS;
            Task timeout = Task.Delay(TimeSpan.FromSeconds(timeoutS), cancel);
            if (await Task.WhenAny(_firstOpened.Task, timeout).ConfigureAwait(false) == timeout)
            {
                cancel.ThrowIfCancellationRequested();
                throw Error ?? new ConnectionFailedException(_client.Options.Address, $"no session within {timeoutS} s");
            }

            return await _firstOpened.Task.ConfigureAwait(false);
        }

        public Task<Closed> WaitForClosedAsync() => _ended.Task;

        public async Task<Closed> CloseAsync(string detail)
        {
            if (_closeAsked == null && Closed == null)
            {
                _closeAsked = new Closed(ClosedReason.ClientClosed, "the engine ended the stream");
                Outgoing close = Outbox.Rent(OutgoingKind.Close);
                close.Text = detail;
                Outbox.Finish(close, MonotonicClock.NowUs());
                Frames.End();
                if (_connection == null)
                {
                    Cut("closed while not connected");
                }
            }

            Task patience = Task.Delay(TimeSpan.FromSeconds(CloseTimeoutS));
            if (await Task.WhenAny(_ended.Task, patience).ConfigureAwait(false) == patience)
            {
                Cut("the engine did not confirm in time");
            }

            return await _ended.Task.ConfigureAwait(false);
        }

        public void Cut(string why)
        {
            var closed = new Closed(ClosedReason.ClientClosed, why);
            _closeAsked = closed;
            Frames.End();
            _connection?.Cut(closed);
            _stop.Cancel();
        }

        private async Task LiveAsync()
        {
            Closed? end = null;
            int tries = 0;
            while (end == null)
            {
                bool played = false;
                try
                {
                    Connection connection = await OpenAsync().ConfigureAwait(false);
                    played = true;
                    Closed closed = await PlayAsync(connection).ConfigureAwait(false);
                    end = Final(closed, connection.StoodStill);
                }
                catch (StreamDitException error)
                {
                    end = Failed(error);
                }
                catch (ArgumentException error)
                {
                    Error = error; // the opening state has a field that the world does not have
                    end = new Closed(ClosedReason.Rejected, error.Message);
                }
                catch (Exception error)
                {
                    // Whatever a handler throws, e.g. that its native library is missing: a game must not wait for ever.
                    Error = error;
                    end = new Closed(ClosedReason.ConnectionLost, $"{error.GetType().Name}: {error.Message}");
                }

                tries = played ? 1 : tries + 1;
                end ??= _closeAsked;
                if (end == null)
                {
                    Status = Opened == null ? SessionStatus.Connecting : SessionStatus.Reconnecting;
                    await PauseAsync(BackOffS[Math.Min(tries, BackOffS.Length) - 1]).ConfigureAwait(false);
                    end = _closeAsked;
                }
            }

            End(end);
        }

        private async Task PauseAsync(double seconds)
        {
            try
            {
                await Task.Delay(TimeSpan.FromSeconds(seconds), _stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Cut: `_closeAsked` says why.
            }
        }

        private void End(Closed end)
        {
            Closed = end;
            Status = SessionStatus.Closed;
            Frames.End();
            Outbox.Finish(Outbox.Rent(OutgoingKind.Close), MonotonicClock.NowUs());
            Exception inVain = Error ?? new SessionClosedException(end);
            if (_firstOpened.TrySetException(inVain))
            {
                _ = _firstOpened.Task.Exception; // seen: nobody has to wait for it
            }

            _ended.TrySetResult(end);
        }

        /// <summary>null if another try may change it.</summary>
        private Closed? Failed(StreamDitException error)
        {
            Error = error;
            if (_closeAsked != null)
            {
                return _closeAsked;
            }

            if (error is RejectedException refused)
            {
                bool mayChange = refused.Reason == "SERVER_FULL" && _client.Options.Reconnect;
                return mayChange ? null : new Closed(ClosedReason.Rejected, error.Message);
            }

            return _client.Options.Reconnect ? null : new Closed(ClosedReason.ConnectionLost, error.Message);
        }

        /// <param name="stoodStill">It fell silent or did not read because it did not run: that is over, so another try may play on.</param>
        private Closed? Final(Closed closed, bool stoodStill)
        {
            if (_closeAsked != null && closed.Reason == ClosedReason.ConnectionLost)
            {
                return _closeAsked;
            }

            Error = new SessionClosedException(closed);
            bool another = closed.Reason == ClosedReason.ConnectionLost
                || closed.Reason == ClosedReason.ServerDraining
                || closed.Reason == ClosedReason.EngineFailed
                || closed.Reason == ClosedReason.ClientGone
                || (stoodStill && (closed.Reason == ClosedReason.Idle || closed.Reason == ClosedReason.TooSlow));
            return another && _client.Options.Reconnect ? null : closed;
        }

        // ------------------------------------------------------------------------------------------- one connection

        private async Task<Connection> OpenAsync()
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            double timeoutS = _client.Options.TimeoutS;
            Task<Connection> opening = TryOpenAsync(patience.Token);
            // The token lives as long as the call, so it cannot carry the time limit of opening alone.
            if (await Task.WhenAny(opening, Task.Delay(TimeSpan.FromSeconds(timeoutS))).ConfigureAwait(false) != opening)
            {
                patience.Cancel();
            }

            try
            {
                return await opening.ConfigureAwait(false);
            }
            catch (RpcException) when (patience.IsCancellationRequested)
            {
                throw new ConnectionFailedException(_client.Options.Address, $"no answer to `open` within {timeoutS} s");
            }
            catch (RpcException error)
            {
                throw Refusal.From(_client.Options, error);
            }
        }

        private async Task<Connection> TryOpenAsync(CancellationToken cancel)
        {
            Opening wish = _opening.Copy();
            if (wish.StateByName != null || wish.Actions != null || wish.Start != null)
            {
                await FitAsync(wish, cancel).ConfigureAwait(false);
                (_opening.State, _opening.StateFields) = (wish.State, wish.StateFields);
                _opening.StateByName = null;
                _opening.Start = wish.Start;
            }

            if (Opened != null)
            {
                wish = Again(wish, Opened);
            }

            Connection connection = await _client
                .ConnectAsync(wish, Frames, Outbox, Meter, this, cancel)
                .ConfigureAwait(false);
            Begin(connection, wish);
            return connection;
        }

        /// <summary>
        /// A state by name in the world's order, actions and start checked: it takes one question to the engine.
        /// </summary>
        private async Task FitAsync(Opening wish, CancellationToken cancel)
        {
            ServerInfo info = await _client.ServerInfoAsync(cancel).ConfigureAwait(false);
            WorldInfo? world = info.Worlds.FirstOrDefault(one => wish.World.Length == 0 || one.Name == wish.World);
            if (world == null)
            {
                wish.StateByName = null;
                return; // `open` will be refused: the world is not known
            }

            if (wish.StateByName != null)
            {
                var held = new HeldState(world);
                held.Set(wish.StateByName);
                (wish.State, wish.StateFields, wish.StateByName) = (held.Values, held.Fields, null);
            }

            if (wish.Actions != null)
            {
                ActionSet.Of(world, wish.Actions);
            }

            wish.Start = wish.Start?.For(world, wish.Profile.Length > 0 ? wish.Profile : world.DefaultProfile);
        }

        /// <summary>What was in force or on its way, and nothing that was refused.</summary>
        private Opening Again(Opening wish, Opened before)
        {
            wish.Prompt = Meter.NewestPrompt.Length > 0 ? Meter.NewestPrompt : null;
            lock (_lock)
            {
                bool says = _held != null && !_held.IsOpen;
                wish.State = says ? _held!.ValuesInRange : null;
                wish.StateFields = says ? _held!.Fields : null;
                wish.Actions = _actions == null ? null : ActionSet.ByName(before.World.Actions, _actions);
            }

            bool known = before.World.Profiles.Any(profile => profile.Name == ProfileWish);
            wish.Profile = known ? ProfileWish : before.Profile;
            wish.Start = StillFitting(wish.Start, before.World, wish.Profile);
            wish.ResumeToken = before.ResumeToken;
            wish.ReceivedFrameId = _newestFrameId;
            return wish;
        }

        /// <summary>A start was for the profile of then: one switched to since may hold fewer frames, or none.</summary>
        private static Start? StillFitting(Start? start, WorldInfo world, string profile)
        {
            try
            {
                return start?.For(world, profile);
            }
            catch (ArgumentException)
            {
                return null;
            }
        }

        private void Begin(Connection connection, Opening wish)
        {
            Opened opened = connection.Opened;
            lock (_lock)
            {
                // After a reconnect it is newer than what was wished for: a game goes on saying states meanwhile.
                _held = _held?.For(opened.World) ?? Wished(opened.World, wish);
                // What was said while nothing was connected is about to be said.
                IEnumerable<Steering> said = _steering.Where(opened.World.SteeredBy.Contains);
                Volatile.Write(ref _steering, opened.SteeredBy.Union(said).OrderBy(one => one).ToArray());
                bool fits = _actions?.Length == opened.World.Actions.Count;
                _actions = fits ? _actions : wish.Actions == null ? null : ActionSet.Of(opened.World, wish.Actions);
            }

            bool open = opened.World.CanBeOpen(Steering.Prompt);
            string usual = open ? "" : opened.World.ExamplePrompts.FirstOrDefault() ?? "";
            Meter.Opened(wish.Prompt ?? usual, opened.Resumed);
            bool lost = Opened != null && !opened.Resumed;
            Opened = opened;
            if (lost)
            {
                WorldsLost++;
                const string Detail = "the engine did not keep the session: another world begins at frame 1";
                News.Add(new Notice(Notice.WorldLost, Detail, 0, null));
            }
        }

        private static HeldState Wished(WorldInfo world, Opening wish)
        {
            var held = new HeldState(world);
            if (wish.State != null && wish.StateFields != null)
            {
                held.Set(wish.StateFields, wish.State.ToArray());
            }
            else if (wish.State != null)
            {
                held.Set(wish.State.ToArray(), default);
            }

            return held;
        }

        private async Task<Closed> PlayAsync(Connection connection)
        {
            _connection = connection;
            Status = SessionStatus.Playing;
            Error = null;
            Opened opened = connection.Opened;
            if (opened.Resumed)
            {
                CatchUp(opened);
            }

            _firstOpened.TrySetResult(opened);
            try
            {
                // Cut while it was being opened: `Cut` saw no connection yet.
                if (_closeAsked is Closed asked && _stop.IsCancellationRequested)
                {
                    connection.Cut(asked);
                }

                return await connection.RunAsync().ConfigureAwait(false);
            }
            finally
            {
                _connection = null;
            }
        }
    }
}
