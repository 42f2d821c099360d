#nullable enable
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using UnityEditor;
using UnityEditor.Compilation;
using PackageInfo = UnityEditor.PackageManager.PackageInfo;

namespace StreamDit.Setup
{
    /// <summary>The open project: what it has, and where NuGetForUnity keeps its list in it.</summary>
    internal static class ProjectFiles
    {
        public static string ShippedPackagesConfig =>
            File.ReadAllText(Path.Combine(PackageFolder, "Editor", "Setup", "packages.config"));

        private static string PackageFolder => PackageInfo.FindForAssembly(typeof(ProjectFiles).Assembly).resolvedPath;

        public static SetupPlan Plan() => new SetupPlan(Dependencies.All(ShippedPackagesConfig), Found());

        /// <summary>Adds what is needed to the project's packages.config, which NuGetForUnity restores from.</summary>
        public static void WritePackagesConfig()
        {
            // The two places that NuGetForUnity knows; the second one only if the project chose it.
            string inPackages = Path.Combine("Packages", "nuget-packages", "packages.config");
            string path = File.Exists(inPackages) ? inPackages : Path.Combine("Assets", "packages.config");
            string? present = File.Exists(path) ? File.ReadAllText(path) : null;
            File.WriteAllText(path, PackagesConfig.Merge(present, ShippedPackagesConfig));
            AssetDatabase.Refresh();
        }

        private static Dictionary<string, string> Found()
        {
            var found = new Dictionary<string, string>();
            foreach (PackageInfo package in PackageInfo.GetAllRegisteredPackages())
            {
                found[package.name] = package.version;
            }

            foreach (string path in CompilationPipeline.GetPrecompiledAssemblyPaths(
                CompilationPipeline.PrecompiledAssemblySources.UserAssembly))
            {
                // The assembly's own version says little: every Grpc.Net.Client 2.x is 2.0.0.0.
                string? version = File.Exists(path) ? FileVersionInfo.GetVersionInfo(path).ProductVersion : null;
                found[Path.GetFileNameWithoutExtension(path)] = (version ?? "").Split('+')[0];
            }

            return found;
        }
    }
}
