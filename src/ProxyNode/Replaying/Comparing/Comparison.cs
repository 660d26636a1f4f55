using System.Collections.Concurrent;
using System.Text;
using JustRunIt.ProxyNode.Replaying.Exchanges;

namespace JustRunIt.ProxyNode.Replaying.Comparing;

/// <summary>
/// How far the clone's replies are the original's: the base for action validation (§2.3). Status, length and content, each
/// counted once, in that order; the first differences are kept as samples.
/// </summary>
internal sealed class Comparison
{
    private const int MostSamples = 20;
    private const int LongestRequest = 200;

    private readonly ConcurrentQueue<Difference> samples = new();
    private long compared;
    private long status;
    private long length;
    private long content;

    /// <summary>The counts so far.</summary>
    public Differences Read() => new(
        Interlocked.Read(ref compared),
        Interlocked.Read(ref status),
        Interlocked.Read(ref length),
        Interlocked.Read(ref content),
        [.. samples]);

    /// <summary>Both sides have answered, before the duplicate's bytes are given back.</summary>
    public void Add(Exchange exchange)
    {
        if (exchange.IsOneWay || exchange.IsReplaced || exchange.Online.Status == Answer.NoReply
            || exchange.Sandbox.Status == Answer.NoReply
            || exchange.Shadow.Session.MayDiffer(exchange.RequestBytes.Span))
            return;
        var (online, clone) = (exchange.OnlineReply, exchange.SandboxReply);
        Add(
            exchange.RequestBytes.Span,
            (exchange.Online.Status, online?.Length ?? 0, online?.Hash ?? 0),
            (exchange.Sandbox.Status, clone?.Length ?? 0, clone?.Hash ?? 0));
    }

    /// <summary>Both sides have answered a request.</summary>
    public void Add(ReadOnlySpan<byte> request, (int Status, long Length, ulong Hash) online, (int Status, long Length, ulong Hash) clone)
    {
        Interlocked.Increment(ref compared);
        if (online.Status != clone.Status)
            Interlocked.Increment(ref status);
        else if (online.Length != clone.Length)
            Interlocked.Increment(ref length);
        else if (online.Hash != clone.Hash)
            Interlocked.Increment(ref content);
        else
            return;
        if (samples.Count < MostSamples)
            samples.Enqueue(new Difference(Text(request), online.Status, clone.Status, online.Length, clone.Length));
    }

    private static string Text(ReadOnlySpan<byte> request)
    {
        var text = new StringBuilder(LongestRequest);
        foreach (var c in request[..Math.Min(request.Length, LongestRequest)])
            text.Append(c is >= 32 and < 127 ? (char)c : ' ');
        return text.ToString().Trim();
    }
}

/// <summary>How many replies were compared, and how many differed in what.</summary>
/// <param name="Compared">Requests that both sides answered.</param>
/// <param name="Status">Replies of another status.</param>
/// <param name="Length">Of the same status, and of another length.</param>
/// <param name="Content">Of the same status and length, and of another content.</param>
/// <param name="Samples">The first of them.</param>
internal sealed record Differences(long Compared, long Status, long Length, long Content, IReadOnlyList<Difference> Samples);

/// <summary>One request that both sides answered differently.</summary>
/// <param name="Request">Its first bytes.</param>
/// <param name="LiveStatus">The original's status.</param>
/// <param name="SandboxStatus">The clone's status.</param>
/// <param name="LiveLength">Bytes of the original's content, wildcards applied.</param>
/// <param name="SandboxLength">Bytes of the clone's content, wildcards applied.</param>
internal sealed record Difference(string Request, int LiveStatus, int SandboxStatus, long LiveLength, long SandboxLength);
