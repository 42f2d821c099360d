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

        /// <summary>It is there for the editor alone, or for assemblies that name it.</summary>
        NotForAll,
        Ready,
    }

    internal enum SetupStep
    {
        /// <summary>Everything is there.</summary>
        None,
        AddInstaller,
        RestoreNuGet,
        AddHandler,

        /// <summary>Only a person can go on: another package brought a library that will not do.</summary>
        Blocked,
    }

    /// <summary>What a project has of a dependency.</summary>
    internal sealed class FoundDependency
    {
        public FoundDependency(string version, string path = "", bool isForAll = true)
        {
            Version = version;
            Path = path;
            IsForAll = isForAll;
        }

        /// <summary>"" if nobody says.</summary>
        public string Version { get; }

        /// <summary>Of the DLL; "" for a package.</summary>
        public string Path { get; }

        /// <summary>Players get it too, and every assembly refers to it.</summary>
        public bool IsForAll { get; }
    }

    /// <summary>What the project has of what is needed, and what comes next. Pure: the project is an argument.</summary>
    internal sealed class SetupPlan
    {
        /// <param name="needed">In the order in which they have to be added.</param>
        /// <param name="found">By package name or by the NuGet package's DLL name without ".dll".</param>
        /// <param name="restored">The NuGet packages that NuGetForUnity restores in the project, and could make newer.</param>
        public SetupPlan(
            IReadOnlyList<Dependency> needed,
            IReadOnlyDictionary<string, FoundDependency> found,
            IReadOnlyCollection<string> restored)
        {
            Entries = needed.Select(dependency => new Entry(dependency, found, restored)).ToList();
        }

        public IReadOnlyList<Entry> Entries { get; }

        /// <summary>NuGetForUnity is only the way to the others: who has the DLLs from elsewhere needs none.</summary>
        public bool IsComplete => Entries.All(entry => entry.IsReady || IsInstaller(entry));

        /// <summary>What a person has to do first; "" if nothing.</summary>
        public string Obstacle => string.Join(" ", Entries.Select(entry => entry.Obstacle).Where(text => text.Length > 0));

        public SetupStep Next
        {
            get
            {
                if (IsComplete)
                {
                    return SetupStep.None;
                }

                if (Obstacle.Length > 0)
                {
                    return SetupStep.Blocked;
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
            private readonly string _path;

            public Entry(
                Dependency dependency,
                IReadOnlyDictionary<string, FoundDependency> found,
                IReadOnlyCollection<string> restored)
            {
                Dependency = dependency;
                found.TryGetValue(dependency.Name, out FoundDependency? its);
                Found = its?.Version;
                _path = its?.Path ?? "";
                State = its == null ? DependencyState.Missing
                    : !dependency.AnyVersionWillDo && PackageVersion.IsOlder(its.Version, dependency.Version)
                        ? DependencyState.TooOld
                    : !its.IsForAll ? DependencyState.NotForAll
                    : DependencyState.Ready;
                IsRestored = restored.Contains(dependency.Name, StringComparer.OrdinalIgnoreCase);
            }

            public Dependency Dependency { get; }

            /// <summary>The version in the project; null if there is none.</summary>
            public string? Found { get; }

            public DependencyState State { get; }

            public bool IsReady => State == DependencyState.Ready;

            /// <summary>NuGetForUnity has it on its list, and makes it newer there.</summary>
            private bool IsRestored { get; }

            /// <summary>
            /// Two copies of a library are an error, or the newer one wins with its own settings: what another package brought is
            /// named and left alone.
            /// </summary>
            public string Obstacle => State switch
            {
                DependencyState.TooOld when _path.Length > 0 && !IsRestored =>
                    $"{Dependency.Name} {Found} in {_path} is older than {Dependency.Version}: update what brought it, or remove it.",
                DependencyState.NotForAll => $"{_path} is not there for players, or only for assemblies that name it: change that in its"
                    + " import settings (Any Platform, Auto Reference), or remove it.",
                _ => "",
            };

            /// <summary>For people: "2.85.0", "missing", "2.61.0 is too old".</summary>
            public string Told => State switch
            {
                DependencyState.Missing => "missing",
                DependencyState.NotForAll => $"{Found} is not for players",
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
