using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("StreamDit.Tests")]
