using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Exchanges;

namespace JustRunIt.ProxyNode.Replaying.Comparing;

/// <summary>
/// How far the clone's replies are the original's: the base for action validation (§2.3). Status, length and content, each
/// counted once, in that order; of each kind of difference the latest is kept as a sample, without what nobody must read.
/// </summary>
internal sealed class Comparison(IMessageProtocol protocol, ServiceRules rules)
{
    private const int MostSamples = 20;

    /// <summary>Milliseconds between two that are: what passes is copied for them.</summary>
    private const int BetweenTexts = 100;

    /// <summary>Most exchanges whose replies are kept as texts at a time, for an excerpt where they differ.</summary>
    private const int MostTexts = 16;

    private readonly Samples<Difference> samples = new(MostSamples);
    private int sampled;
    private long sampledAt;
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
        [.. samples.Read().Select(sample => sample.Sample with { Count = sample.Count })]);

    /// <summary>Samples are taken anew; the counts go on.</summary>
    public void ForgetSamples() => samples.Clear();

    /// <summary>Whether an exchange's replies may be kept as texts; it is given back by <see cref="EndTexts"/>.</summary>
    public bool TryBeginTexts()
    {
        if (Volatile.Read(ref sampled) >= MostTexts)
            return false;
        var (now, last) = (Environment.TickCount64, Interlocked.Read(ref sampledAt));
        if (now - last < BetweenTexts || Interlocked.CompareExchange(ref sampledAt, now, last) != last)
            return false;
        if (Interlocked.Increment(ref sampled) <= MostTexts)
            return true;
        EndTexts();
        return false;
    }

    /// <summary>An exchange's texts are kept no more.</summary>
    public void EndTexts() => Interlocked.Decrement(ref sampled);

    /// <summary>Both sides have answered, before the duplicate's bytes are given back.</summary>
    public void Add(Exchange exchange)
    {
        if (exchange.IsOneWay || exchange.IsReplaced || exchange.Online.Status == Answer.NoReply
            || exchange.Sandbox.Status == Answer.NoReply
            || exchange.Shadow.Session.MayDiffer(exchange.RequestBytes.Span))
            return;
        var (online, clone) = (exchange.OnlineReply, exchange.SandboxReply);
        if (online is not null && clone is not null && online.RulesVersion != clone.RulesVersion)
            return;
        Add(
            exchange.RequestBytes.Span,
            (exchange.Online.Status, online?.Length ?? 0, online?.Hash ?? 0),
            (exchange.Sandbox.Status, clone?.Length ?? 0, clone?.Hash ?? 0),
            online?.Text,
            clone?.Text);
    }

    /// <summary>Both sides have answered a request.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="online">The original's answer.</param>
    /// <param name="clone">The clone's.</param>
    /// <param name="onlineText">The original's content; null where it was not kept.</param>
    /// <param name="cloneText">The clone's, likewise.</param>
    public void Add(
        ReadOnlySpan<byte> request,
        (int Status, long Length, ulong Hash) online,
        (int Status, long Length, ulong Hash) clone,
        string? onlineText = null,
        string? cloneText = null)
    {
        var what = online.Status != clone.Status ? "status"
            : online.Length != clone.Length ? "length"
            : online.Hash != clone.Hash ? "content"
            : null;
        // Whoever sees the count finds the sample.
        if (what is not null && samples.TryBegin())
            TryAddSample(what, request, online, clone, onlineText, cloneText);
        if (what is "status")
            Interlocked.Increment(ref status);
        else if (what is "length")
            Interlocked.Increment(ref length);
        else if (what is "content")
            Interlocked.Increment(ref content);
        Interlocked.Increment(ref compared);
    }

    private void TryAddSample(
        string what,
        ReadOnlySpan<byte> request,
        (int Status, long Length, ulong Hash) online,
        (int Status, long Length, ulong Hash) clone,
        string? onlineText,
        string? cloneText)
    {
        string excerpt;
        try
        {
            excerpt = protocol.ExcerptOf(request, rules.Redaction);
        }
        catch (Exception e) when (e is ProtocolException or ArgumentException or FormatException or IndexOutOfRangeException)
        {
            // A message that passed the framing and cannot be read further: it counts, and has no sample.
            return;
        }

        var sample = new Difference(excerpt, online.Status, clone.Status, online.Length, clone.Length) { What = what };
        if (onlineText is not null && cloneText is not null)
        {
            var places = TextDifference.Of(onlineText, cloneText, rules.Redaction, out var isWhole);
            sample = sample with { Places = places, IsExplained = isWhole && online.Status == clone.Status };
        }

        samples.Add($"{what} {KindOf(excerpt)}", sample, isPoorer: onlineText is null);
    }

    /// <summary>What requests of one kind have in common: without numbers, and up to the parameters.</summary>
    private static string KindOf(string excerpt)
    {
        var end = excerpt.IndexOfAny(['?', '\'', '\n']);
        return string.Concat((end < 0 ? excerpt : excerpt[..end]).Where(letter => !char.IsAsciiDigit(letter)));
    }
}

/// <summary>How many replies were compared, and how many differed in what.</summary>
/// <param name="Compared">Requests that both sides answered.</param>
/// <param name="Status">Replies of another status.</param>
/// <param name="Length">Of the same status, and of another length.</param>
/// <param name="Content">Of the same status and length, and of another content.</param>
/// <param name="Samples">The latest of each kind, the most frequent kind first.</param>
internal sealed record Differences(long Compared, long Status, long Length, long Content, IReadOnlyList<Difference> Samples);

/// <summary>One request that both sides answered differently.</summary>
/// <param name="Request">Its beginning, without what lets somebody in; of a statement, without its values.</param>
/// <param name="LiveStatus">The original's status.</param>
/// <param name="SandboxStatus">The clone's status.</param>
/// <param name="LiveLength">Bytes of the original's content, wildcards applied.</param>
/// <param name="SandboxLength">Bytes of the clone's content, wildcards applied.</param>
internal sealed record Difference(string Request, int LiveStatus, int SandboxStatus, long LiveLength, long SandboxLength)
{
    /// <summary>The first thing that differs: status, length or content.</summary>
    public string What { get; init; } = "";

    /// <summary>How many of its kind were looked at.</summary>
    public long Count { get; init; }

    /// <summary>
    /// Where both contents differ, with an excerpt of each; null where they were not kept: one of the next of the kind may be.
    /// </summary>
    public IReadOnlyList<DifferingPlace>? Places { get; init; }

    /// <summary>With the patterns of all places as rules for replies, both would be equal.</summary>
    public bool IsExplained { get; init; }
}
