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
            AssetImporter.StubImporters.Clear();
            CompilationPipeline.StubDefinitions.Clear();
            AssetDatabase.StubIsWorker = false;
            Later.Clear();
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
            EditorApplication.StubTick(61);
            EditorApplication.StubTick(1);
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

        [Test]
        public void A_package_that_is_registered_only_after_the_reload_is_waited_for()
        {
            Client.StubAdd = url =>
            {
                Later.Add(url); // complete, and registered turns later
                return null;
            };
            Reload();
            SetupRun.Start();
            for (int turn = 0; turn < 8; turn++)
            {
                Settle();
                Assert.That(SetupRun.Trouble, Is.Empty);
                Later.ForEach(url => AddsPackage(url));
                Later.Clear();
            }

            Assert.That(Added, Is.EqualTo(new[] { Dependencies.Installer, Dependencies.Handler }));
            Assert.That(HasSymbol, Is.True);
        }

        [Test]
        public void A_list_that_cannot_be_written_is_told_and_the_button_can_be_pressed_again()
        {
            Reload();
            Directory.CreateDirectory(Path.Combine(_project, "Assets", "packages.config")); // in the way of the file
            SetupRun.Start();
            Settle();
            Assert.That(SetupRun.IsRunning, Is.False);
            Assert.That(SetupRun.Trouble, Does.Contain("packages.config"));
            Directory.Delete(Path.Combine(_project, "Assets", "packages.config"));
            SetupRun.Start();
            Settle();
            Assert.That(HasSymbol, Is.True);
        }

        [Test]
        public void A_package_that_was_copied_into_Assets_finds_its_list()
        {
            PackageInfo.StubFolder = null;
            CompilationPipeline.StubDefinitions["StreamDit.Setup.Editor"] =
                Path.Combine(Package, "Editor", "Setup", "StreamDit.Setup.Editor.asmdef");
            Reload();
            Assert.That(EditorWindow.StubFind("SetupWindow"), Is.Not.Null);
        }

        [Test]
        public void An_import_worker_looks_at_nothing_and_asks_nobody()
        {
            AssetDatabase.StubIsWorker = true;
            Reload();
            Assert.That(EditorWindow.StubFind("SetupWindow"), Is.Null);
        }

        [Test]
        public void What_another_package_brought_is_left_alone()
        {
            CompilationPipeline.StubDlls.Add("Packages/com.other/Google.Protobuf.dll");
            Reload();
            SetupRun.Start();
            Settle();
            Assert.That(HasSymbol, Is.True);
            Assert.That(File.ReadAllText("Assets/packages.config"), Does.Not.Contain("Google.Protobuf"));
            Assert.That(CompilationPipeline.StubDlls, Has.Exactly(1).EndsWith("Google.Protobuf.dll"));
        }

        [Test]
        public void A_library_for_the_editor_alone_stops_the_setup_with_its_name()
        {
            const string path = "Packages/com.other/System.Runtime.CompilerServices.Unsafe.dll";
            CompilationPipeline.StubDlls.Add(path);
            AssetImporter.StubImporters[path] = new PluginImporter { StubEditorOnly = true };
            Reload();
            SetupRun.Start();
            Settle();
            Assert.That(SetupRun.IsRunning, Is.False);
            Assert.That(SetupRun.Trouble, Does.Contain(path));
            Assert.That(Added, Is.Empty);
        }

        [Test]
        public void A_library_that_only_some_assemblies_see_stops_the_setup_with_its_name()
        {
            string path = Path.Combine(_project, "Assets", "System.IO.Pipelines.dll");
            File.WriteAllText(path + ".meta", "PluginImporter:\n  isExplicitlyReferenced: 1\n");
            CompilationPipeline.StubDlls.Add(path);
            AssetImporter.StubImporters[path] = new PluginImporter();
            Reload();
            SetupRun.Start();
            Assert.That(SetupRun.Trouble, Does.Contain(path));
        }

        [Test]
        public void Every_package_of_the_list_says_which_of_its_libraries_is_meant()
        {
            XDocument list = XDocument.Load(Path.Combine(Package, "Editor", "Setup", "packages.config"));
            Assert.That(
                list.Root!.Elements("package").Select(package => package.Attribute("targetFramework")?.Value),
                Has.All.Matches<string?>(framework => framework == "netstandard2.0" || framework == "netstandard2.1"));
        }

        private static readonly System.Collections.Generic.List<string> Later = new System.Collections.Generic.List<string>();

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
