using System.Text.RegularExpressions;
using JustRunIt.Hosting.Secrets;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>Samples of a clone's requests that were answered with those of another of their kind, or with an error.</summary>
internal sealed class MatchSamples
{
    private const int Most = 20;
    private const int LongestShown = 300;

    private static readonly Regex Literals = new("'[^']*'", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
    private static readonly Regex Numbers = new("[0-9]+", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    private readonly Samples<MatchSample> samples = new(Most);

    /// <summary>One more request that was not found again.</summary>
    /// <param name="kind">Nearest or missing.</param>
    /// <param name="matcher">Reads requests of the connection.</param>
    /// <param name="asked">What the clone has asked.</param>
    /// <param name="recorded">The beginning of what it was matched with; null where there is none.</param>
    /// <param name="redaction">What is taken out.</param>
    public void Add(MatchKind kind, Matcher matcher, ReadOnlySpan<byte> asked, byte[]? recorded, Redaction redaction)
    {
        if (!samples.TryBegin())
            return;
        try
        {
            Take(kind, matcher, asked, recorded, redaction);
        }
        catch (Exception e) when (e is ProtocolException or ArgumentException or FormatException or IndexOutOfRangeException)
        {
            // Of a long request only the beginning is on record, which may not be readable: it has no sample.
        }
    }

    /// <summary>The latest of each kind, the most frequent first.</summary>
    public IReadOnlyList<MatchSample> Read() => [.. samples.Read().Select(one => one.Sample with { Count = one.Count })];

    /// <summary>Forgets all.</summary>
    public void Clear() => samples.Clear();

    private void Take(MatchKind kind, Matcher matcher, ReadOnlySpan<byte> asked, byte[]? recorded, Redaction redaction)
    {
        var clones = matcher.TextOf(asked);
        var statement = matcher.StatementOf(asked) is { Length: > 0 } text ? $"{text} with " : "";
        var sample = new MatchSample(kind.ToString().ToLowerInvariant(), Outline(statement, clones, redaction));
        if (recorded is not null)
        {
            var live = matcher.TextOf(recorded);
            // Of a long request only the beginning is on record.
            var same = recorded.Length == Record.KeptOfRequest ? clones.Cut(live.Text.Length) : clones;
            var places = TextDifference.Of(live, same, redaction, out var isWhole);
            sample = sample with { MatchedWith = Outline(statement, live, redaction), Places = places, IsExplained = isWhole };
        }

        samples.Add($"{kind} {Numbers.Replace(sample.Asked, "0")}", sample);
    }

    /// <summary>A request as people may read it: without the values of a statement.</summary>
    private static string Outline(string statement, RequestText request, Redaction redaction)
    {
        var shown = TextDifference.Shown(redaction.Text(Literals.Replace(statement + request.WithoutValues(..), "'?'")));
        return shown.Length > LongestShown ? shown[..LongestShown] + " ..." : shown;
    }
}

/// <summary>A request of the clone that was not found again.</summary>
/// <param name="Match">nearest or missing.</param>
/// <param name="Asked">What the clone asked, without the values of a statement.</param>
internal sealed record MatchSample(string Match, string Asked)
{
    /// <summary>What it was matched with; null where there was nothing.</summary>
    public string? MatchedWith { get; init; }

    /// <summary>Where both differ, with an excerpt of each: live is what is on record.</summary>
    public IReadOnlyList<DifferingPlace>? Places { get; init; }

    /// <summary>With the patterns of all places as wildcards it would have been found.</summary>
    public bool IsExplained { get; init; }

    /// <summary>How many of its kind were looked at.</summary>
    public long Count { get; init; }
}
