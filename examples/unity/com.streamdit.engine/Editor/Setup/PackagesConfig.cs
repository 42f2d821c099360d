#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Xml.Linq;

namespace StreamDit.Setup
{
    /// <summary>The list of NuGet packages that NuGetForUnity keeps in a project.</summary>
    internal static class PackagesConfig
    {
        private const string Empty = "<?xml version=\"1.0\" encoding=\"utf-8\"?><packages></packages>";

        /// <summary>
        /// The project's list with what is missing; nothing is removed or made older, and what the project has from elsewhere is
        /// not added a second time.
        /// </summary>
        /// <param name="project">The text of the project's packages.config; null if it has none.</param>
        /// <param name="needed">The packages, of those in the shipped list, that the project lacks or has too old.</param>
        public static string Merge(string? project, string shipped, ICollection<string> needed)
        {
            XDocument merged = XDocument.Parse(project ?? Empty);
            foreach (XElement wanted in XDocument.Parse(shipped).Root!.Elements("package"))
            {
                if (!needed.Contains(Id(wanted)))
                {
                    continue;
                }

                XElement? present = merged.Root!.Elements("package")
                    .FirstOrDefault(package => string.Equals(Id(package), Id(wanted), StringComparison.OrdinalIgnoreCase));
                if (present == null)
                {
                    merged.Root.Add(new XElement(wanted));
                }
                else if (PackageVersion.IsOlder(present.Attribute("version")?.Value ?? "0.0.0", Version(wanted)))
                {
                    present.SetAttributeValue("version", Version(wanted));
                }
            }

            return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" + merged.Root + "\n";
        }

        /// <summary>What NuGetForUnity restores in a project.</summary>
        /// <param name="project">The text of its packages.config; null if it has none.</param>
        public static IEnumerable<string> Names(string? project) =>
            XDocument.Parse(project ?? Empty).Root!.Elements("package").Select(Id);

        private static string Id(XElement package) => package.Attribute("id")?.Value ?? "";

        private static string Version(XElement package) => package.Attribute("version")!.Value;
    }
}
