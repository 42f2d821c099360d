#nullable enable
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using UnityEditor;
using UnityEditor.Compilation;
using PackageInfo = UnityEditor.PackageManager.PackageInfo;

namespace StreamDit.Setup
{
    /// <summary>The open project: what it has, and where NuGetForUnity keeps its list in it.</summary>
    internal static class ProjectFiles
    {
        public static string ShippedPackagesConfig => File.ReadAllText(Path.Combine(Folder, "packages.config"));

        // The two places that NuGetForUnity knows; the second one only if the project chose it.
        private static string ListPath
        {
            get
            {
                string inPackages = Path.Combine("Packages", "nuget-packages", "packages.config");
                return File.Exists(inPackages) ? inPackages : Path.Combine("Assets", "packages.config");
            }
        }

        private static string? List => File.Exists(ListPath) ? File.ReadAllText(ListPath) : null;

        private static string Folder
        {
            get
            {
                PackageInfo? package = PackageInfo.FindForAssembly(typeof(ProjectFiles).Assembly);
                // Copied into Assets it is no package, and lies where its assembly definition does.
                return package != null
                    ? Path.Combine(package.resolvedPath, "Editor", "Setup")
                    : Path.GetDirectoryName(CompilationPipeline.GetAssemblyDefinitionFilePathFromAssemblyName(
                        typeof(ProjectFiles).Assembly.GetName().Name))!;
            }
        }

        public static SetupPlan Plan()
        {
            IReadOnlyList<Dependency> needed = Dependencies.All(ShippedPackagesConfig);
            return new SetupPlan(needed, Found(needed), PackagesConfig.Names(List).ToList());
        }

        /// <summary>Adds what the project lacks to its packages.config, which NuGetForUnity restores from.</summary>
        public static void WritePackagesConfig()
        {
            List<string> needed = Plan().Entries
                .Where(entry => !entry.IsReady && entry.Dependency.Source == DependencySource.NuGet)
                .Select(entry => entry.Dependency.Name)
                .ToList();
            File.WriteAllText(ListPath, PackagesConfig.Merge(List, ShippedPackagesConfig, needed));
            AssetDatabase.Refresh();
        }

        private static Dictionary<string, FoundDependency> Found(IReadOnlyList<Dependency> needed)
        {
            var names = new HashSet<string>(needed.Select(dependency => dependency.Name));
            var found = new Dictionary<string, FoundDependency>();
            foreach (PackageInfo package in PackageInfo.GetAllRegisteredPackages())
            {
                found[package.name] = new FoundDependency(package.version);
            }

            foreach (string path in CompilationPipeline.GetPrecompiledAssemblyPaths(
                CompilationPipeline.PrecompiledAssemblySources.UserAssembly))
            {
                string name = Path.GetFileNameWithoutExtension(path);
                if (names.Contains(name)) // a project has hundreds of others
                {
                    found[name] = new FoundDependency(VersionOf(path), path, IsForAll(path));
                }
            }

            return found;
        }

        // The assembly's own version says little: every Grpc.Net.Client 2.x is 2.0.0.0.
        private static string VersionOf(string path)
        {
            string? version = File.Exists(path) ? FileVersionInfo.GetVersionInfo(path).ProductVersion : null;
            return (version ?? "").Split('+')[0];
        }

        /// <summary>Whether players get it, and assemblies that do not name it.</summary>
        private static bool IsForAll(string path)
        {
            if (!(AssetImporter.GetAtPath(path) is PluginImporter importer))
            {
                return true; // nothing says otherwise
            }

            string meta = path + ".meta";
            // Unity shows this flag to nobody else.
            bool referenced = File.Exists(meta) && File.ReadAllText(meta).Contains("isExplicitlyReferenced: 1");
            return !referenced && (importer.GetCompatibleWithAnyPlatform()
                || importer.GetCompatibleWithPlatform(EditorUserBuildSettings.activeBuildTarget));
        }
    }
}
