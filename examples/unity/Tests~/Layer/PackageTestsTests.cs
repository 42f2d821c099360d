#nullable enable
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Threading.Tasks;
using NUnit.Framework;

namespace StreamDit.Tests
{
    /// <summary>The package's own tests run in Unity's Test Runner too: 2022.3 comes with version 1.1 of it.</summary>
    public sealed class PackageTestsTests
    {
        [TestCase("Core")]
        [TestCase("Editor")]
        [TestCase("Unity")]
        public void None_is_async_which_needs_a_newer_test_framework(string name)
        {
            var here = new DirectoryInfo(TestContext.CurrentContext.TestDirectory); // Tests~/bin/Release/net10.0
            Assembly tests = Assembly.LoadFrom(Path.Combine(
                here.Parent!.Parent!.Parent!.FullName,
                "PackageTests", name, "bin", here.Parent.Name, "netstandard2.1", $"StreamDit.{name}.Tests.dll"));
            List<MethodInfo> methods = tests.GetTypes().SelectMany(type => type.GetMethods())
                .Where(method => method.IsDefined(typeof(TestAttribute), false) || method.IsDefined(typeof(TestCaseAttribute), false))
                .ToList();
            Assert.That(methods, Is.Not.Empty);
            IEnumerable<string> asynchronous = methods
                .Where(method => typeof(Task).IsAssignableFrom(method.ReturnType))
                .Select(method => $"{method.DeclaringType!.Name}.{method.Name}");
            Assert.That(asynchronous, Is.Empty);
        }
    }
}
