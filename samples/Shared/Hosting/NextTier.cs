using System.Diagnostics;
using System.Net;

namespace JustRunIt.Samples.Hosting;

/// <summary>The connection to the tier behind.</summary>
public static class NextTier
{
    /// <summary>
    /// A client that sends what it is given and nothing more: no trace headers, no cookies of its own, no user agent, no redirects
    /// followed. The same request thus has the same bytes in a later run, which is what makes a recording of the next tier usable.
    /// </summary>
    public static HttpMessageInvoker Connect() => new(new SocketsHttpHandler
    {
        ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
    });

    /// <summary>The longest wait for a reply of the next tier: longer than a client's patience, so that the client decides.</summary>
    public static readonly TimeSpan ReplyTimeout = TimeSpan.FromSeconds(60);
}
