#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;

namespace StreamDit.Setup
{
    internal enum DependencyState
    {
        Missing,
        TooOld,
        Ready,
    }

    internal enum SetupStep
    {
        /// <summary>Everything is there.</summary>
        None,
        AddInstaller,
        RestoreNuGet,
        AddHandler,
    }

    /// <summary>What the project has of what is needed, and what comes next. Pure: the project is an argument.</summary>
    internal sealed class SetupPlan
    {
        /// <param name="needed">In the order in which they have to be added.</param>
        /// <param name="found">Version by package name or by the NuGet package's DLL name without ".dll".</param>
        public SetupPlan(IReadOnlyList<Dependency> needed, IReadOnlyDictionary<string, string> found)
        {
            Entries = needed.Select(dependency => new Entry(dependency, found)).ToList();
        }

        public IReadOnlyList<Entry> Entries { get; }

        /// <summary>NuGetForUnity is only the way to the others: who has the DLLs from elsewhere needs none.</summary>
        public bool IsComplete => Entries.All(entry => entry.IsReady || IsInstaller(entry));

        public SetupStep Next
        {
            get
            {
                if (IsComplete)
                {
                    return SetupStep.None;
                }

                bool nuGetReady = Entries.All(entry => entry.IsReady || entry.Dependency.Source != DependencySource.NuGet);
                if (nuGetReady)
                {
                    return SetupStep.AddHandler;
                }

                return Entries.First(IsInstaller).IsReady ? SetupStep.RestoreNuGet : SetupStep.AddInstaller;
            }
        }

        private static bool IsInstaller(Entry entry) => entry.Dependency.Name == Dependencies.Installer;

        internal sealed class Entry
        {
            public Entry(Dependency dependency, IReadOnlyDictionary<string, string> found)
            {
                Dependency = dependency;
                Found = found.TryGetValue(dependency.Name, out string version) ? version : null;
                State = Found == null ? DependencyState.Missing
                    : dependency.AnyVersionWillDo || !PackageVersion.IsOlder(Found, dependency.Version)
                        ? DependencyState.Ready
                        : DependencyState.TooOld;
            }

            public Dependency Dependency { get; }

            /// <summary>The version in the project; null if there is none.</summary>
            public string? Found { get; }

            public DependencyState State { get; }

            public bool IsReady => State == DependencyState.Ready;

            /// <summary>For people: "2.85.0", "missing", "2.61.0 is too old".</summary>
            public string Told => State switch
            {
                DependencyState.Missing => "missing",
                DependencyState.TooOld => $"{Found} is too old",
                _ => Found!.Length > 0 ? Found : "found",
            };
        }
    }

    internal static class PackageVersion
    {
        /// <summary>Compares the numbers; what follows "-" or "+" is passed over, and what has none is not older.</summary>
        public static bool IsOlder(string version, string wanted)
        {
            return Version.TryParse(Numbers(version), out Version have) && have < Version.Parse(Numbers(wanted));
        }

        private static string Numbers(string version)
        {
            string numbers = version.Split('-', '+')[0];
            string[] parts = numbers.Split('.');
            // 2.85 is 2.85.0, and the fourth number of a file's version says nothing.
            return string.Join(".", parts.Concat(new[] { "0", "0" }).Take(3));
        }
    }
}
