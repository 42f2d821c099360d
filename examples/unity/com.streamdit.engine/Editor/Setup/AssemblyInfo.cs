using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("StreamDit.Editor.Tests")]
[assembly: InternalsVisibleTo("StreamDit.Tests")]
