using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("StreamDit.Editor")]
[assembly: InternalsVisibleTo("StreamDit.Tests")]
[assembly: InternalsVisibleTo("StreamDit.Unity.Tests")]
