#nullable enable
using System.Linq;
using System.Xml.Linq;

namespace StreamDit.Setup
{
    /// <summary>The list of NuGet packages that NuGetForUnity keeps in a project.</summary>
    internal static class PackagesConfig
    {
        private const string Empty = "<?xml version=\"1.0\" encoding=\"utf-8\"?><packages></packages>";

        /// <summary>The project's list with what the shipped one asks for; nothing is removed or made older.</summary>
        /// <param name="project">The text of the project's packages.config; null if it has none.</param>
        public static string Merge(string? project, string shipped)
        {
            XDocument merged = XDocument.Parse(project ?? Empty);
            foreach (XElement wanted in XDocument.Parse(shipped).Root!.Elements("package"))
            {
                XElement? present = merged.Root!.Elements("package")
                    .FirstOrDefault(package => package.Attribute("id")?.Value == wanted.Attribute("id")!.Value);
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

        private static string Version(XElement package) => package.Attribute("version")!.Value;
    }
}
