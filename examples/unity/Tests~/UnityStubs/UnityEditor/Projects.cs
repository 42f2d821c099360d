using System;
using System.Collections.Generic;
using System.Reflection;

namespace UnityEditor
{
    public sealed class PlayerSettings
    {
        private static readonly Dictionary<string, string[]> Symbols = new Dictionary<string, string[]>();

        /// <summary>Not Unity's: how often symbols were set, each of which compiles a project anew.</summary>
        public static int StubNumSet { get; private set; }

        public sealed class Android
        {
            public static bool forceInternetPermission { get; set; }
        }

        public static void GetScriptingDefineSymbols(Build.NamedBuildTarget buildTarget, out string[] defines) =>
            defines = Symbols.TryGetValue(buildTarget.TargetName, out string[] held) ? held : Array.Empty<string>();

        public static void SetScriptingDefineSymbols(Build.NamedBuildTarget buildTarget, string[] defines)
        {
            StubNumSet++;
            Symbols[buildTarget.TargetName] = defines;
        }
    }
}

namespace UnityEditor
{
    public enum BuildTarget
    {
        StandaloneOSX = 2,
        StandaloneWindows = 5,
        iOS = 9,
        Android = 13,
        StandaloneWindows64 = 19,
        StandaloneLinux64 = 24,
    }

    public class EditorUserBuildSettings
    {
        public static BuildTarget activeBuildTarget { get; set; } = BuildTarget.StandaloneLinux64;
    }

    public class AssetImporter : UnityEngine.Object
    {
        /// <summary>Not Unity's: the import settings of a file.</summary>
        public static Dictionary<string, AssetImporter> StubImporters { get; } = new Dictionary<string, AssetImporter>();

        public static AssetImporter GetAtPath(string path) =>
            StubImporters.TryGetValue(path, out AssetImporter importer) ? importer : null;
    }

    public sealed class PluginImporter : AssetImporter
    {
        /// <summary>Not Unity's: for the editor and no player.</summary>
        public bool StubEditorOnly { get; set; }

        public bool GetCompatibleWithAnyPlatform() => !StubEditorOnly;

        public bool GetCompatibleWithPlatform(BuildTarget platform) => !StubEditorOnly;
    }
}

namespace UnityEditor.Build
{
    public readonly struct NamedBuildTarget
    {
        public static readonly NamedBuildTarget Standalone = new NamedBuildTarget("Standalone");
        public static readonly NamedBuildTarget Server = new NamedBuildTarget("Server");
        public static readonly NamedBuildTarget iOS = new NamedBuildTarget("iPhone");
        public static readonly NamedBuildTarget Android = new NamedBuildTarget("Android");

        private NamedBuildTarget(string targetName)
        {
            TargetName = targetName;
        }

        public string TargetName { get; }
    }
}

namespace UnityEditor.Compilation
{
    public static class CompilationPipeline
    {
        [Flags]
        public enum PrecompiledAssemblySources
        {
            UserAssembly = 1 << 0,
        }

        /// <summary>Not Unity's: the DLLs in the project.</summary>
        public static List<string> StubDlls { get; } = new List<string>();

        /// <summary>Not Unity's: where an assembly definition lies.</summary>
        public static Dictionary<string, string> StubDefinitions { get; } = new Dictionary<string, string>();

        public static string GetAssemblyDefinitionFilePathFromAssemblyName(string assemblyName) =>
            StubDefinitions.TryGetValue(assemblyName, out string path) ? path : null;

        public static string[] GetPrecompiledAssemblyPaths(PrecompiledAssemblySources precompiledAssemblySources) =>
            StubDlls.ToArray();
    }
}

namespace UnityEditor.PackageManager
{
    public enum StatusCode
    {
        InProgress,
        Success,
        Failure,
    }

    public class Error
    {
        public string message { get; set; }
    }

    public sealed class PackageInfo
    {
        /// <summary>Not Unity's: the packages in the project.</summary>
        public static List<PackageInfo> StubPackages { get; } = new List<PackageInfo>();

        /// <summary>Not Unity's: where this package lies.</summary>
        public static string StubFolder { get; set; }

        public string name { get; set; }

        public string version { get; set; }

        public string resolvedPath { get; set; }

        public static PackageInfo[] GetAllRegisteredPackages() => StubPackages.ToArray();

        /// <summary>null for what was copied into Assets.</summary>
        public static PackageInfo FindForAssembly(Assembly assembly) =>
            StubFolder == null ? null : new PackageInfo { resolvedPath = StubFolder };
    }

    public static class Client
    {
        /// <summary>Not Unity's: what a package manager would do; null, or why it fails.</summary>
        public static Func<string, string> StubAdd { get; set; }

        public static Requests.AddRequest Add(string identifier) => new Requests.AddRequest(StubAdd(identifier));
    }
}

namespace UnityEditor.PackageManager.Requests
{
    public abstract class Request
    {
        private protected Request(string error)
        {
            Error = error == null ? null : new Error { message = error };
        }

        public StatusCode Status => Error == null ? StatusCode.Success : StatusCode.Failure;

        public bool IsCompleted => true;

        public Error Error { get; }
    }

    public abstract class Request<T> : Request
    {
        private protected Request(string error) : base(error)
        {
        }
    }

    public sealed class AddRequest : Request<PackageInfo>
    {
        internal AddRequest(string error) : base(error)
        {
        }
    }
}
