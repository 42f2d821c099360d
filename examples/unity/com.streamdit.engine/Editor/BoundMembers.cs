#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Xml.Linq;
using StreamDit.Unity;
using UnityEngine;

namespace StreamDit.Editor
{
    /// <summary>
    /// What managed code stripping cannot see: the libraries that are reached by reflection, and the members that bindings name in
    /// text. The members are kept by scene between builds, for a scene that did not change is not built again.
    /// </summary>
    internal sealed class BoundMembers
    {
        // Anybody may bind these of an object that is made at run time.
        private const string Usual = "position localPosition eulerAngles localEulerAngles localScale";

        private static readonly string[] Assemblies =
        {
            "Google.Protobuf", "Grpc.Core.Api", "Grpc.Net.Client", "Grpc.Net.Common", "Cysharp.Net.Http.YetAnotherHttpHandler",
            "StreamDit.Core", "StreamDit.Unity",
        };

        private readonly string _path;

        /// <param name="path">Where they are kept, one "scene, assembly, type, member" a line, tabs between.</param>
        public BoundMembers(string path)
        {
            _path = path;
        }

        /// <summary>In the project's Library, which is nobody's to keep.</summary>
        public static BoundMembers OfProject => new BoundMembers(Path.Combine("Library", "StreamDit.BoundMembers.txt"));

        /// <summary>The members of a scene take the place of those it had.</summary>
        public void Put(string scene, IEnumerable<GameObject> roots)
        {
            var lines = new List<string>(Lines().Where(line => line.Split('\t')[0] != scene));
            foreach (StreamDitStateSource source in roots.SelectMany(
                root => root.GetComponentsInChildren<StreamDitStateSource>(true)))
            {
                foreach (StateBinding binding in source.Bindings)
                {
                    if (binding.component != null)
                    {
                        lines.AddRange(Of(binding.component.GetType(), binding.member).Select(member => $"{scene}\t{member}"));
                    }
                }
            }

            File.WriteAllLines(_path, lines);
        }

        /// <summary>For the linker.</summary>
        public string LinkXml()
        {
            IEnumerable<XElement> libraries = Assemblies.Select(name => new XElement(
                "assembly",
                new XAttribute("fullname", name),
                new XAttribute("ignoreIfMissing", "1"),
                new XAttribute("preserve", "all")));
            IEnumerable<string> members = Lines().Select(line => line.Substring(line.IndexOf('\t') + 1))
                .Concat(Usual.Split(' ').SelectMany(name => Of(typeof(Transform), name)))
                .Distinct();
            IEnumerable<XElement> bound = members.Select(line => line.Split('\t')).Where(parts => parts.Length == 3)
                .GroupBy(parts => parts[0]).Select(assembly => new XElement(
                    "assembly",
                    new XAttribute("fullname", assembly.Key),
                    new XAttribute("ignoreIfMissing", "1"),
                    assembly.GroupBy(parts => parts[1]).Select(type => new XElement(
                        "type",
                        new XAttribute("fullname", type.Key),
                        type.Select(parts => new XElement(
                            parts[2].StartsWith("get_", StringComparison.Ordinal) ? "method" : "field",
                            new XAttribute("name", parts[2])))))));
            return new XElement("linker", libraries, bound).ToString();
        }

        // "assembly, type, getter or field", of the type that declares it.
        private static IEnumerable<string> Of(Type component, string path)
        {
            string name = path.Split('.')[0];
            for (Type? type = component; type != null; type = type.BaseType)
            {
                const System.Reflection.BindingFlags own = System.Reflection.BindingFlags.Instance
                    | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.DeclaredOnly;
                string? member = type.GetProperty(name, own)?.GetGetMethod()?.Name ?? type.GetField(name, own)?.Name;
                if (member != null)
                {
                    // Nested types are written with a slash there.
                    yield return $"{type.Assembly.GetName().Name}\t{type.FullName!.Replace('+', '/')}\t{member}";
                }
            }
        }

        private string[] Lines() => File.Exists(_path) ? File.ReadAllLines(_path) : new string[0];
    }
}
