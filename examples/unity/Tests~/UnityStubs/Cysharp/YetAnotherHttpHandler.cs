using System;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;

namespace Cysharp.Net.Http
{
    public class YetAnotherHttpHandler : HttpMessageHandler
    {
        private HttpMessageInvoker? _inner;

        /// <summary>Not Cysharp's: handlers made and not yet disposed.</summary>
        public static int StubNumAlive;

        public YetAnotherHttpHandler()
        {
            Interlocked.Increment(ref StubNumAlive);
        }

        public bool? Http2Only { get; set; }

        public string? RootCertificates { get; set; }

        public TimeSpan? ConnectTimeout { get; set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Version = HttpVersion.Version20;
#if NET
            request.VersionPolicy = Http2Only == true
                ? HttpVersionPolicy.RequestVersionExact
                : HttpVersionPolicy.RequestVersionOrLower;
#endif
            return (_inner ??= new HttpMessageInvoker(Made())).SendAsync(request, cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                Interlocked.Decrement(ref StubNumAlive);
                _inner?.Dispose();
            }

            base.Dispose(disposing);
        }

        private HttpMessageHandler Made()
        {
#if NET
            var made = new SocketsHttpHandler { ConnectTimeout = ConnectTimeout ?? Timeout.InfiniteTimeSpan };
            if (RootCertificates != null)
            {
                var roots = new System.Security.Cryptography.X509Certificates.X509Certificate2Collection();
                roots.ImportFromPem(RootCertificates);
                var policy = new System.Security.Cryptography.X509Certificates.X509ChainPolicy
                {
                    TrustMode = System.Security.Cryptography.X509Certificates.X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck,
                };
                policy.CustomTrustStore.AddRange(roots);
                made.SslOptions.CertificateChainPolicy = policy;
            }

            return made;
#else
            throw new PlatformNotSupportedException("the stub runs on .NET 10; this build is for compiling against");
#endif
        }
    }
}
