using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("StreamDit.Core.Tests")]
[assembly: InternalsVisibleTo("StreamDit.Tests")]
[assembly: InternalsVisibleTo("StreamDit.Unity.Tests")]
