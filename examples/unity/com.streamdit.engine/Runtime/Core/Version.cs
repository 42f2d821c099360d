#nullable enable

namespace StreamDit
{
    /// <summary>This library's own version and the API it was built for; both travel in `open`.</summary>
    internal static class Version
    {
        public const string SdkName = "streamdit-csharp";
        public const string Sdk = "0.1.0";
        public const uint Api = 1;
    }
}
