#nullable enable
using System.IO;
using System.Linq;
using System.Xml.Linq;
using NUnit.Framework;
using StreamDit.Editor;
using StreamDit.Unity;
using UnityEditor;
using UnityEditor.Build.Reporting;
using UnityEditor.UnityLinker;
using UnityEngine;
using UnityEngine.SceneManagement;

namespace StreamDit.Tests
{
    /// <summary>What is told and kept when a player is built.</summary>
    public sealed class BuildTests
    {
        private string _before = "";
        private string _project = "";

        [SetUp]
        public void EmptyProject()
        {
            _before = Directory.GetCurrentDirectory();
            _project = Directory.CreateTempSubdirectory("streamdit-project").FullName;
            Directory.CreateDirectory(Path.Combine(_project, "Library"));
            Directory.SetCurrentDirectory(_project); // as Unity does
            Debug.StubConsole.Clear();
            PlayerSettings.Android.forceInternetPermission = false;
        }

        [TearDown]
        public void LeaveProject()
        {
            Directory.SetCurrentDirectory(_before);
            Directory.Delete(_project, true);
        }

        [TestCase(BuildTarget.Android, "INTERNET permission")]
        [TestCase(BuildTarget.iOS, "NSLocalNetworkUsageDescription")]
        [TestCase(BuildTarget.StandaloneWindows, "32-bit")]
        public void What_a_player_would_lack_is_told(BuildTarget platform, string told)
        {
            new PlayerBuild().OnPreprocessBuild(Report(platform));
            Assert.That(Debug.StubConsole.Single(), Does.StartWith("warning: ").And.Contain(told));
        }

        [TestCase(BuildTarget.Android)]
        [TestCase(BuildTarget.StandaloneLinux64)]
        [TestCase(BuildTarget.StandaloneWindows64)]
        public void Nothing_is_told_where_nothing_lacks(BuildTarget platform)
        {
            PlayerSettings.Android.forceInternetPermission = true;
            new PlayerBuild().OnPreprocessBuild(Report(platform));
            Assert.That(Debug.StubConsole, Is.Empty);
        }

        [Test]
        public void The_linker_is_told_of_the_libraries_and_of_what_bindings_read()
        {
            Build("Assets/First.unity", nameof(Ship.Speed));
            Build("Assets/Second.unity", nameof(Ship.fuel));
            XElement linker = Linked();
            XElement protobuf = Assembly(linker, "Google.Protobuf");
            Assert.That(protobuf.Attribute("preserve")!.Value, Is.EqualTo("all"));
            Assert.That(linker.Elements("assembly").Select(one => one.Attribute("ignoreIfMissing")?.Value), Has.All.EqualTo("1"));
            XElement ship = Assembly(linker, "StreamDit.Tests").Element("type")!;
            Assert.That(ship.Attribute("fullname")!.Value, Is.EqualTo("StreamDit.Tests.BuildTests/Ship"));
            Assert.That(
                ship.Elements().Select(one => $"{one.Name} {one.Attribute("name")!.Value}"),
                Is.EqualTo(new[] { "method get_Speed", "field fuel" }));
            Assert.That(
                Assembly(linker, "UnityEngine").Descendants("method").Select(one => one.Attribute("name")!.Value),
                Has.Some.EqualTo("get_position"));
        }

        [Test]
        public void A_scene_that_is_built_again_replaces_what_it_read_before()
        {
            Build("Assets/First.unity", nameof(Ship.Speed));
            Build("Assets/First.unity", nameof(Ship.fuel));
            Assert.That(Linked().ToString(), Does.Contain("fuel").And.Not.Contain("get_Speed"));
        }

        [Test]
        public void A_scene_that_is_played_in_the_editor_is_no_build()
        {
            new PlayerBuild().OnProcessScene(new Scene { path = "Assets/First.unity", StubRoots = new GameObject[0] }, null);
            Assert.That(Directory.GetFiles("Library"), Is.Empty);
        }

        private static void Build(string scene, string member)
        {
            var root = new GameObject("Root");
            var child = new GameObject("Child");
            child.transform.SetParent(root.transform, false);
            StreamDitStateSource source = child.AddComponent<StreamDitStateSource>();
            source.Bindings.Add(new StateBinding { field = "x", component = child.AddComponent<Ship>(), member = member });
            source.Bindings.Add(new StateBinding { field = "y", member = "position.x" });
            new PlayerBuild().OnProcessScene(
                new Scene { path = scene, StubRoots = new[] { root } }, Report(BuildTarget.StandaloneLinux64));
        }

        private static XElement Linked() => XElement.Load(new PlayerBuild().GenerateAdditionalLinkXmlFile(
            Report(BuildTarget.StandaloneLinux64), new UnityLinkerBuildPipelineData(BuildTarget.StandaloneLinux64, "")));

        private static XElement Assembly(XElement linker, string name) =>
            linker.Elements("assembly").Single(one => one.Attribute("fullname")!.Value == name);

        private static BuildReport Report(BuildTarget platform) =>
            new BuildReport { summary = new BuildSummary { platform = platform } };

        private sealed class Ship : MonoBehaviour
        {
            public float fuel = 1;

            public float Speed => 1;
        }
    }
}
