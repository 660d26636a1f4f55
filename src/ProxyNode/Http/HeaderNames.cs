using System.Collections.Frozen;
using System.IO.Hashing;
using System.Text;

namespace JustRunIt.ProxyNode.Http;

/// <summary>
/// A set of names of headers, which are the same in whatever case (RFC 9110 §5.1). They are told apart by a hash, which is also what a
/// request's headers are ordered by.
/// </summary>
internal sealed class HeaderNames(IEnumerable<string> names)
{
    /// <summary>Longest name in bytes that needs no memory of its own.</summary>
    private const int Usual = 64;

    /// <summary>
    /// How a message travels to the next tier, and from where: of one connection, framing or address, not of what is asked for (RFC 9110
    /// §7.6.1, §7.6.3; RFC 9112 §6; RFC 7239). Of AJP13 also the ports and addresses that a web server tells of itself.
    /// </summary>
    private static readonly string[] OfTheWay =
    [
        "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings",
        "content-length", "expect", "max-forwards", "via", "forwarded", "x-forwarded-for", "x-forwarded-port", "x-forwarded-server",
        "x-real-ip", "ajp_remote_port", "ajp_local_addr", "jk_lb_activation",
    ];

    private readonly FrozenSet<ulong> hashes =
        names.Concat(OfTheWay).Select(name => Hash(Encoding.Latin1.GetBytes(name))).ToFrozenSet();

    /// <summary>
    /// Names that whoever sends a request draws or reads from a clock anew each time, for people or for tracing: W3C Trace Context and
    /// Baggage, B3, and those of the makers of tracers and of load balancers.
    /// </summary>
    public static IReadOnlyList<string> Drawn { get; } =
    [
        "date", "traceparent", "tracestate", "baggage", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled",
        "x-b3-flags", "x-request-id", "x-correlation-id", "correlation-id", "request-id", "correlation-context", "x-trace-id",
        "uber-trace-id", "x-amzn-trace-id", "x-cloud-trace-context", "x-datadog-trace-id", "x-datadog-parent-id",
        "x-datadog-sampling-priority", "x-datadog-tags", "sentry-trace", "newrelic", "elastic-apm-traceparent", "x-request-start",
        "x-queue-start", "unique_id",
    ];

    /// <summary>What says nothing of what is asked for, unless the rules tell otherwise.</summary>
    public static HeaderNames Default { get; } = new(Drawn);

    /// <summary>Whether a name is one of them.</summary>
    /// <param name="name">Its hash.</param>
    public bool Contains(ulong name) => hashes.Contains(name);

    /// <summary>The hash of a name, the same in whatever case.</summary>
    public static ulong Hash(ReadOnlySpan<byte> name)
    {
        Span<byte> lower = name.Length <= Usual ? stackalloc byte[name.Length] : new byte[name.Length];
        for (var i = 0; i < name.Length; i++)
            lower[i] = name[i] is >= (byte)'A' and <= (byte)'Z' ? (byte)(name[i] | 0x20) : name[i];
        return XxHash3.HashToUInt64(lower);
    }
}
