#nullable enable
using System.Collections.Generic;
using System.Linq;
using UnityEditor;
using UnityEditor.Build;

namespace StreamDit.Setup
{
    /// <summary>
    /// The scripting define symbol that lets the runtime assemblies compile. An asmdef's versionDefines see packages of
    /// the Package Manager only, not NuGet's DLLs; so the symbol is set here, once everything was found.
    /// </summary>
    internal static class DependenciesSymbol
    {
        public const string Name = "STREAMDIT_DEPENDENCIES";

        // The platforms that YetAnotherHttpHandler has native libraries for.
        private static readonly NamedBuildTarget[] Targets =
        {
            NamedBuildTarget.Standalone, NamedBuildTarget.Server, NamedBuildTarget.Android, NamedBuildTarget.iOS,
        };

        /// <summary>Sets or removes it where that changes something, for each change compiles the project anew.</summary>
        public static void Set(bool present)
        {
            foreach (NamedBuildTarget target in Targets)
            {
                PlayerSettings.GetScriptingDefineSymbols(target, out string[] symbols);
                string[] wanted = With(symbols, present);
                if (wanted.Length != symbols.Length)
                {
                    PlayerSettings.SetScriptingDefineSymbols(target, wanted);
                }
            }
        }

        private static string[] With(IEnumerable<string> symbols, bool present)
        {
            IEnumerable<string> others = symbols.Where(symbol => symbol != Name);
            return (present ? others.Append(Name) : others).ToArray();
        }
    }
}
