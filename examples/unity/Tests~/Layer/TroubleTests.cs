#nullable enable
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using NUnit.Framework;
using StreamDit.Unity;
using UnityEditor;
using UnityEngine;

namespace StreamDit.Tests
{
    /// <summary>Each mistake shows up in the console and in the editor window, and the game keeps running.</summary>
    public sealed class TroubleTests
    {
        [TearDown]
        public void ClearScene() => Lifetime.CloseAll("test over");

        [Test]
        public void No_engine_at_the_address()
        {
            string address = $"127.0.0.1:{FreePort()}";
            StreamDitBehaviour session = Stage.Session(address);
            Expect(session, $"No engine answers at {address}");
            Assert.That(session.Link!.Closed, Is.Null, "it tries again");
        }

        [Test]
        public void An_address_that_is_none()
        {
            StreamDitBehaviour session = Stage.Session("http://localhost:50051");
            Expect(session, "must be host:port without http://");
            Assert.That(session.Link!.Closed?.Reason, Is.EqualTo(ClosedReason.ConnectionLost));
        }

        [Test]
        public void Tls_asked_of_an_engine_without()
        {
            StreamDitBehaviour session = Stage.Session(Engines.Shared.Address, settings => settings.secure = true);
            Expect(session, "untick 'Secure'");
        }

        [Test]
        public void An_engine_with_tls_says_what_to_fill_in_until_it_is()
        {
            string folder = Directory.CreateTempSubdirectory("streamdit-").FullName;
            (string certificate, string key) = EndingTests.WriteCertificate(folder);
            using Engine encrypted = Engine.Start("--tls-cert", certificate, "--tls-key", key);
            string address = $"localhost:{encrypted.Port}";
            string authority = File.ReadAllText(certificate);
            Directory.Delete(folder, recursive: true);

            Expect(Stage.Session(address), "tick 'Secure'");
            Expect(Stage.Session(address, settings => settings.secure = true), "'Root Certificates'");
            StreamDitBehaviour trusting = Stage.Session(
                address, settings => (settings.secure, settings.rootCertificates) = (true, authority));
            Stage.Until(() => trusting.IsPlaying, "a session over TLS");
        }

        [Test]
        public void A_world_the_engine_does_not_have()
        {
            StreamDitBehaviour session = Stage.Session(Engines.Shared.Address, settings => settings.world = "crittrs");
            Stage.Until(() => session.Link!.Closed != null, "the end");
            Expect(session, "Did you mean 'critters'?");
            Assert.That(session.Link!.Closed?.Reason, Is.EqualTo(ClosedReason.Rejected));
        }

        [Test]
        public void A_misspelled_state_field_costs_only_itself()
        {
            StreamDitBehaviour session = Stage.Session(Engines.Shared.Address);
            StreamDitStateSource state = session.gameObject.AddComponent<StreamDitStateSource>();
            state.Bindings.Add(new StateBinding { field = "facng", component = session.transform, member = "position.x" });
            state.Bindings.Add(new StateBinding { field = "x", component = session.transform, member = "position.x", offset = 40 });
            Expect(session, "State field 'facng' in the inspector of 'Player' is not one of world 'critters'. Did you mean 'facing'?");
            Stage.Until(() => session.Session!.Stats().ControlLatencyMs != null, "the other field's state");
            Assert.That(state.Values[0], Is.EqualTo(40));
        }

        [Test]
        public void A_member_that_is_not_there()
        {
            StreamDitBehaviour session = Stage.Session(Engines.Shared.Address);
            StreamDitStateSource state = session.gameObject.AddComponent<StreamDitStateSource>();
            state.Bindings.Add(new StateBinding { field = "x", component = session.transform, member = "postion.x" });
            Expect(session, "Did you mean 'position.x'?");
        }

        [Test]
        public void A_component_that_is_destroyed_costs_only_itself_until_there_is_another()
        {
            StreamDitBehaviour session = Stage.Session(Engines.Shared.Address);
            StreamDitStateSource state = session.gameObject.AddComponent<StreamDitStateSource>();
            Runner runner = new GameObject("Runner").AddComponent<Runner>();
            (runner.Speed, session.transform.position) = (30, new Vector3(40, 0, 0));
            state.Bindings.Add(new StateBinding { field = "y", component = runner, member = nameof(Runner.Speed) });
            state.Bindings.Add(new StateBinding { field = "x", component = session.transform, member = "position.x" });
            Stage.Until(() => state.Values.Length > 0 && state.Values[0] == 40, "a state");
            UnityEngine.Object.Destroy(runner.gameObject);
            session.transform.position = new Vector3(50, 0, 0);
            Expect(session, "State field 'y' of 'Player': its component was destroyed");
            Stage.Until(() => state.Values[0] == 50, "the other field");
            Assert.That(state.Values[1], Is.EqualTo(30), "what it was last");

            Runner next = new GameObject("Runner").AddComponent<Runner>();
            next.Speed = 20;
            state.Bindings[0].component = next;
            Stage.Until(() => state.Values[1] == 20, "the next one's value");
        }

        [Test]
        public void A_member_that_throws_costs_only_itself()
        {
            StreamDitBehaviour session = Stage.Session(Engines.Shared.Address);
            StreamDitStateSource state = session.gameObject.AddComponent<StreamDitStateSource>();
            Runner runner = session.gameObject.AddComponent<Runner>();
            session.transform.position = new Vector3(40, 0, 0);
            state.Bindings.Add(new StateBinding { field = "y", component = runner, member = nameof(Runner.Broken) });
            state.Bindings.Add(new StateBinding { field = "x", component = session.transform, member = "position.x" });
            Expect(session, "State field 'y' of 'Player': reading 'Broken' fails, not now");
            Stage.Until(() => state.Values[0] == 40, "the other field");
        }

        [Test]
        public void A_scale_of_0_is_told()
        {
            StreamDitBehaviour session = Stage.Session(Engines.Shared.Address);
            StreamDitStateSource state = session.gameObject.AddComponent<StreamDitStateSource>();
            state.Bindings.Add(new StateBinding { field = "x", component = session.transform, member = "position.x", scale = 0 });
            Expect(session, "State field 'x' in the inspector of 'Player' has scale 0: 0 is sent whatever its component does.");
        }

        [Test]
        public void A_horizon_that_says_it_wrote_more_than_there_is_room_for()
        {
            StreamDitBehaviour session = Stage.Session(Engines.Shared.Address);
            StreamDitStateSource state = session.gameObject.AddComponent<StreamDitStateSource>();
            state.Horizon = new Boaster();
            Expect(session, "The horizon of 'Player' says that it wrote 1000 frames, there is room for");
            Stage.Until(() => session.Session!.Stats().ControlLatencyMs != null, "a state");
        }

        private sealed class Boaster : IStateHorizon
        {
            public int WriteHorizon(WorldInfo world, System.Span<float> steps)
            {
                for (int field = 0; field < steps.Length; field++)
                {
                    steps[field] = world.StateFields[field % world.StateFields.Count].Initial;
                }

                return 1000;
            }
        }

        private sealed class Runner : MonoBehaviour
        {
            public float Speed { get; set; }

            public float Broken => throw new System.InvalidOperationException("not now");
        }

        [Test]
        public void A_value_outside_the_worlds_range()
        {
            StreamDitBehaviour session = Stage.Session(Engines.Shared.Address);
            session.transform.position = new Vector3(1000, 0, 0);
            StreamDitStateSource state = session.gameObject.AddComponent<StreamDitStateSource>();
            state.Bindings.Add(new StateBinding { field = "x", component = session.transform, member = "position.x" });
            Expect(session, "State field 'x' of 'Player' is 1000, world 'critters' takes 0 to 128: 128 is sent.");
        }

        [Test]
        public void Words_the_world_does_not_know()
        {
            StreamDitBehaviour session = Stage.Session(Engines.Shared.Address);
            Stage.Until(() => session.IsPlaying, "the session");
            session.Prompt("a pig in a meadow with a zeppelin");
            Expect(session, "'zeppelin'");
        }

        [Test]
        public void The_engine_dies_and_another_takes_its_place()
        {
            int port = FreePort();
            using Engine first = Engine.StartAt(port);
            StreamDitBehaviour session = Stage.Session(first.Address);
            Stage.Until(() => session.IsPlaying, "the session");
            Opened opened = session.Opened!;
            first.Kill();
            Stage.Until(() => session.Link!.Trouble.Length > 0, "the trouble");
            using Engine second = Engine.StartAt(port);
            Stage.Until(() => session.IsPlaying && !ReferenceEquals(session.Opened, opened), "the next session");
            Assert.That(session.Link!.Trouble, Is.Empty);
        }

        private static void Expect(StreamDitBehaviour session, string text)
        {
            Stage.Until(() => session.Link!.Trouble.Contains(text) || Said(text), text, 20);
            Assert.That(Said(text), Is.True, $"not in the console: {session.Link!.Trouble}");
            Assert.That(Debug.StubConsole.Count(line => line.Contains(text)), Is.EqualTo(1), "said more than once");
            ExpectInWindow(text);
            StubPlayer.Frame(Stage.FrameS); // the game goes on
        }

        private static void ExpectInWindow(string text)
        {
            Editor.StreamDitWindow.Open();
            GUI.StubDrawn.Clear();
            EditorWindow window = EditorWindow.StubFind("StreamDitWindow");
            window.StubDraw();
            window.Close();
            Assert.That(GUI.StubDrawn, Has.Some.Contains(text), "not in the editor window");
        }

        private static bool Said(string text) => Debug.StubConsole.Any(line => line.Contains(text));

        private static int FreePort()
        {
            var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            int port = ((IPEndPoint)listener.LocalEndpoint).Port;
            listener.Stop();
            return port;
        }
    }
}
