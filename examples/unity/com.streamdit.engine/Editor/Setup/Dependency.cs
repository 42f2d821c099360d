#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Xml.Linq;

namespace StreamDit.Setup
{
    internal enum DependencySource
    {
        /// <summary>A package of Unity's Package Manager, added by git URL.</summary>
        PackageManager,

        /// <summary>A NuGet package, restored by NuGetForUnity.</summary>
        NuGet,
    }

    /// <summary>Something the runtime assemblies need and this package does not carry.</summary>
    internal sealed class Dependency
    {
        public Dependency(string name, string version, DependencySource source, string url, string purpose)
        {
            Name = name;
            Version = version;
            Source = source;
            Url = url;
            Purpose = purpose;
        }

        public string Name { get; }

        /// <summary>The version this package was tried with; an older one is not enough.</summary>
        public string Version { get; }

        public DependencySource Source { get; }

        /// <summary>What the Package Manager is asked for; "" for NuGet.</summary>
        public string Url { get; }

        public string Purpose { get; }

        // Unity and other packages bring some of these along. The runtime assemblies are not compiled against them,
        // and a second copy beside the first would be an error, so any version will do.
        public bool AnyVersionWillDo => Name.StartsWith("System.", StringComparison.Ordinal)
            || Name.StartsWith("Microsoft.", StringComparison.Ordinal);
    }

    internal static class Dependencies
    {
        public const string Installer = "com.github-glitchenzo.nugetforunity";
        public const string Handler = "com.cysharp.yetanotherhttphandler";

        private static readonly Dictionary<string, string> Purposes = new Dictionary<string, string>
        {
            ["Google.Protobuf"] = "the engine's messages",
            ["Grpc.Net.Client"] = "gRPC",
            ["System.IO.Pipelines"] = "YetAnotherHttpHandler",
            ["System.Runtime.CompilerServices.Unsafe"] = "YetAnotherHttpHandler, Google.Protobuf",
        };

        /// <summary>All of them, in the order in which they have to be added.</summary>
        /// <param name="packagesConfig">The text of the shipped packages.config.</param>
        public static IReadOnlyList<Dependency> All(string packagesConfig)
        {
            var all = new List<Dependency>
            {
                new Dependency(
                    Installer,
                    "4.5.0",
                    DependencySource.PackageManager,
                    "https://github.com/GlitchEnzo/NuGetForUnity.git?path=/src/NuGetForUnity#v4.5.0",
                    "fetches the NuGet packages below"),
            };
            all.AddRange(XDocument.Parse(packagesConfig).Root!.Elements("package").Select(FromNuGet));
            // Last: without System.IO.Pipelines it does not compile, and then nothing else of the editor loads.
            all.Add(new Dependency(
                Handler,
                "1.11.5",
                DependencySource.PackageManager,
                "https://github.com/Cysharp/YetAnotherHttpHandler.git?path=src/YetAnotherHttpHandler#1.11.5",
                "HTTP/2, which Unity's own HttpClient lacks"));
            return all;
        }

        private static Dependency FromNuGet(XElement package)
        {
            string id = package.Attribute("id")!.Value;
            string purpose = Purposes.TryGetValue(id, out string known) ? known : "needed by Grpc.Net.Client";
            return new Dependency(id, package.Attribute("version")!.Value, DependencySource.NuGet, "", purpose);
        }
    }
}
