#nullable enable
using System.IO;
using System.Linq;
using System.Xml.Linq;
using NUnit.Framework;
using StreamDit.Setup;
using UnityEditor;
using UnityEditor.Build;
using UnityEditor.Compilation;
using UnityEditor.PackageManager;
using UnityEngine;

namespace StreamDit.Tests
{
    /// <summary>The first run in an empty project: one click, with a reload of all code after each step.</summary>
    public sealed class SetupTests
    {
        private string _before = "";
        private string _project = "";

        [SetUp]
        public void EmptyProject()
        {
            _before = Directory.GetCurrentDirectory();
            _project = Directory.CreateTempSubdirectory("streamdit-project").FullName;
            Directory.CreateDirectory(Path.Combine(_project, "Assets"));
            Directory.SetCurrentDirectory(_project); // as Unity does
            SessionState.StubClear();
            PackageInfo.StubPackages.Clear();
            PackageInfo.StubFolder = Package;
            CompilationPipeline.StubDlls.Clear();
            EditorApplication.StubMenu.Clear();
            GUI.StubDrawn.Clear();
            EditorApplication.delayCall = null;
            Client.StubAdd = AddsPackage;
        }

        [TearDown]
        public void LeaveProject()
        {
            EditorWindow.StubFind("SetupWindow")?.Close();
            Directory.SetCurrentDirectory(_before);
            Directory.Delete(_project, true);
        }

        [Test]
        public void One_click_adds_everything_in_the_right_order()
        {
            Reload();
            EditorWindow window = EditorWindow.StubFind("SetupWindow");
            Assert.That(window, Is.Not.Null, "it does not open by itself");
            window.StubDraw();
            Assert.That(GUI.StubDrawn, Has.Some.EqualTo("Grpc.Net.Client 2.85.0: missing"));
            Assert.That(HasSymbol, Is.False);

            GUI.StubClick = "Add what is missing";
            window.StubDraw();
            Assert.That(Added, Is.EqualTo(new[] { Dependencies.Installer }), "the handler does not compile before its DLLs");
            Settle();
            Assert.That(Added, Is.EqualTo(new[] { Dependencies.Installer, Dependencies.Handler }));
            Assert.That(HasSymbol, Is.True);
            GUI.StubDrawn.Clear();
            window.StubDraw();
            Assert.That(GUI.StubDrawn, Has.Some.Contains("Everything StreamDiT needs is here."));
        }

        [Test]
        public void It_asks_once_per_session_of_the_editor()
        {
            Reload();
            EditorWindow.StubFind("SetupWindow").Close();
            Reload();
            Assert.That(EditorWindow.StubFind("SetupWindow"), Is.Null);
        }

        [Test]
        public void A_package_that_cannot_be_fetched_is_told_and_nothing_goes_round_in_circles()
        {
            Client.StubAdd = _ => "no 'git' executable was found";
            Reload();
            SetupRun.Start();
            Settle();
            Assert.That(SetupRun.IsRunning, Is.False);
            Assert.That(SetupRun.Trouble, Does.Contain("no 'git' executable was found"));
        }

        [Test]
        public void A_restore_that_restores_nothing_is_told()
        {
            Reload();
            SetupRun.Start();
            EditorApplication.StubMenu["NuGet/Restore Packages"] = () => { };
            Settle();
            Assert.That(SetupRun.IsRunning, Is.False);
            Assert.That(SetupRun.Trouble, Does.Contain("Restoring the NuGet packages was tried and changed nothing"));
        }

        [Test]
        public void A_library_that_goes_missing_switches_the_components_off()
        {
            Reload();
            SetupRun.Start();
            Settle();
            Assert.That(HasSymbol, Is.True);
            int numSet = PlayerSettings.StubNumSet;
            Reload();
            Assert.That(PlayerSettings.StubNumSet, Is.EqualTo(numSet), "each change compiles the project anew");
            CompilationPipeline.StubDlls.RemoveAll(path => path.Contains("Google.Protobuf"));
            Reload();
            Assert.That(HasSymbol, Is.False);
        }

        private static bool HasSymbol
        {
            get
            {
                PlayerSettings.GetScriptingDefineSymbols(NamedBuildTarget.Standalone, out string[] symbols);
                return symbols.Contains(DependenciesSymbol.Name);
            }
        }

        private static string[] Added => PackageInfo.StubPackages.Select(package => package.name).ToArray();

        private static string Package
        {
            get
            {
                string folder = TestContext.CurrentContext.TestDirectory;
                while (!Directory.Exists(Path.Combine(folder, "com.streamdit.engine")))
                {
                    folder = Path.GetDirectoryName(folder)!;
                }

                return Path.Combine(folder, "com.streamdit.engine");
            }
        }

        /// <summary>What the Package Manager would do; NuGetForUnity brings its menu along.</summary>
        private static string? AddsPackage(string url)
        {
            bool installer = url.Contains("NuGetForUnity");
            PackageInfo.StubPackages.Add(new PackageInfo
            {
                name = installer ? Dependencies.Installer : Dependencies.Handler,
                version = installer ? "4.5.0" : "1.11.5",
            });
            if (installer)
            {
                EditorApplication.StubMenu["NuGet/Restore Packages"] = Restore;
            }

            return null;
        }

        private static void Restore()
        {
            foreach (XElement package in XDocument.Load("Assets/packages.config").Root!.Elements("package"))
            {
                CompilationPipeline.StubDlls.Add($"Assets/Packages/{package.Attribute("id")!.Value}.dll");
            }
        }

        private static void Reload()
        {
            EditorApplication.StubLoad(typeof(SetupRun).Assembly);
            EditorApplication.StubTick(0.1);
        }

        private static void Settle()
        {
            for (int turn = 0; turn < 10; turn++)
            {
                EditorApplication.StubTick(0.1);
                Reload();
            }
        }
    }
}
