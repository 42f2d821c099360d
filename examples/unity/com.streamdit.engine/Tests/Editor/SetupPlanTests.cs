#nullable enable
using System.Collections.Generic;
using System.Linq;
using NUnit.Framework;
using StreamDit.Setup;

namespace StreamDit.Tests
{
    /// <summary>What is missing, and in which order it is added.</summary>
    public sealed class SetupPlanTests
    {
        private const string Shipped = "<packages><package id=\"Google.Protobuf\" version=\"3.36.2\" />"
            + "<package id=\"System.IO.Pipelines\" version=\"8.0.0\" /></packages>";

        [Test]
        public void An_empty_project_gets_the_installer_then_the_dlls_then_the_handler()
        {
            var project = new Dictionary<string, string>();
            Assert.That(Plan(project).Next, Is.EqualTo(SetupStep.AddInstaller));
            project[Dependencies.Installer] = "4.5.0";
            Assert.That(Plan(project).Next, Is.EqualTo(SetupStep.RestoreNuGet));
            project["Google.Protobuf"] = "3.36.2";
            project["System.IO.Pipelines"] = "8.0.0";
            Assert.That(Plan(project).Next, Is.EqualTo(SetupStep.AddHandler));
            project[Dependencies.Handler] = "1.11.5";
            Assert.That(Plan(project).Next, Is.EqualTo(SetupStep.None));
            Assert.That(Plan(project).IsComplete, Is.True);
        }

        [Test]
        public void Who_has_the_dlls_from_elsewhere_needs_no_installer()
        {
            var project = new Dictionary<string, string>
            {
                ["Google.Protobuf"] = "3.40.0", ["System.IO.Pipelines"] = "", [Dependencies.Handler] = "1.12.0",
            };
            Assert.That(Plan(project).IsComplete, Is.True);
        }

        [Test]
        public void An_older_library_is_named_but_the_systems_own_may_be_any()
        {
            var project = new Dictionary<string, string>
            {
                ["Google.Protobuf"] = "3.21.0", ["System.IO.Pipelines"] = "4.5.0", [Dependencies.Handler] = "1.11.5",
            };
            SetupPlan plan = Plan(project);
            Assert.That(plan.IsComplete, Is.False);
            Assert.That(
                plan.Entries.Where(entry => entry.State == DependencyState.TooOld).Select(entry => entry.Told),
                Is.EqualTo(new[] { "3.21.0 is too old" }));
        }

        [TestCase("2.61.0", "2.85.0", true)]
        [TestCase("2.85", "2.85.0", false)]
        [TestCase("2.85.0-pre1", "2.85.0", false)]
        [TestCase("3.0.0.0", "2.85.0", false)]
        [TestCase("9.10.0", "9.9.0", false)]
        [TestCase("", "1.0.0", false)]
        public void Versions_are_compared_as_numbers(string version, string wanted, bool older)
        {
            Assert.That(PackageVersion.IsOlder(version, wanted), Is.EqualTo(older));
        }

        [Test]
        public void The_projects_list_keeps_what_it_has_and_gets_what_it_lacks()
        {
            string project = "<packages><package id=\"Serilog\" version=\"2.12.0\" />"
                + "<package id=\"Google.Protobuf\" version=\"3.21.0\" /></packages>";
            string merged = PackagesConfig.Merge(project, Shipped, All);
            Assert.That(merged, Does.Contain("id=\"Serilog\" version=\"2.12.0\""));
            Assert.That(merged, Does.Contain("id=\"Google.Protobuf\" version=\"3.36.2\""));
            Assert.That(merged, Does.Contain("id=\"System.IO.Pipelines\" version=\"8.0.0\""));
            Assert.That(PackagesConfig.Merge(merged, Shipped, All), Is.EqualTo(merged));
        }

        [Test]
        public void A_newer_library_of_the_project_is_not_made_older()
        {
            string project = "<packages><package id=\"Google.Protobuf\" version=\"4.0.0\" /></packages>";
            Assert.That(PackagesConfig.Merge(project, Shipped, All), Does.Contain("id=\"Google.Protobuf\" version=\"4.0.0\""));
        }

        [Test]
        public void What_another_package_brought_is_not_added_a_second_time()
        {
            string merged = PackagesConfig.Merge(null, Shipped, new[] { "System.IO.Pipelines" });
            Assert.That(merged, Does.Contain("System.IO.Pipelines").And.Not.Contain("Google.Protobuf"));
        }

        [Test]
        public void A_library_of_another_package_that_is_too_old_is_named_and_left_alone()
        {
            const string path = "Packages/com.other/Google.Protobuf.dll";
            var project = new Dictionary<string, FoundDependency>
            {
                [Dependencies.Installer] = new FoundDependency("4.5.0"),
                ["Google.Protobuf"] = new FoundDependency("3.21.0", path),
            };
            SetupPlan plan = Plan(project);
            Assert.That(plan.Next, Is.EqualTo(SetupStep.Blocked));
            Assert.That(plan.Obstacle, Does.Contain(path).And.Contain("3.21.0").And.Contain("3.36.2"));
            Assert.That(Plan(project, "google.protobuf").Next, Is.EqualTo(SetupStep.RestoreNuGet), "NuGetForUnity's own");
        }

        [Test]
        public void A_library_for_the_editor_alone_is_not_found()
        {
            const string path = "Packages/com.other/System.IO.Pipelines.dll";
            SetupPlan plan = Plan(new Dictionary<string, FoundDependency>
            {
                ["Google.Protobuf"] = new FoundDependency("3.36.2"),
                ["System.IO.Pipelines"] = new FoundDependency("8.0.0", path, isForAll: false),
                [Dependencies.Handler] = new FoundDependency("1.11.5"),
            });
            Assert.That(plan.IsComplete, Is.False);
            Assert.That(plan.Next, Is.EqualTo(SetupStep.Blocked));
            Assert.That(plan.Obstacle, Does.Contain(path).And.Contain("Any Platform"));
        }

        private static readonly string[] All = { "Google.Protobuf", "System.IO.Pipelines" };

        private static SetupPlan Plan(Dictionary<string, string> project) =>
            Plan(project.ToDictionary(one => one.Key, one => new FoundDependency(one.Value)));

        private static SetupPlan Plan(Dictionary<string, FoundDependency> project, params string[] restored) =>
            new SetupPlan(Dependencies.All(Shipped), project, restored);
    }
}
