using JustRunIt.Events.Proxies;

namespace JustRunIt.ProxyNode.Measuring;

/// <summary>Counts how the clone's requests were answered.</summary>
internal sealed class MatchCounter
{
    private readonly long[] counts = new long[Enum.GetValues<MatchKind>().Length];
    private long learnt;

    /// <summary>One more.</summary>
    /// <param name="kind">How it was answered.</param>
    /// <param name="isByLearntValue">A value in it was translated into what the original calls it.</param>
    public void Add(MatchKind kind, bool isByLearntValue = false)
    {
        Interlocked.Increment(ref counts[(int)kind]);
        if (isByLearntValue && kind == MatchKind.Exact)
            Interlocked.Increment(ref learnt);
    }

    /// <summary>The counts since the start.</summary>
    public MatchCounts Read() => new(
        Interlocked.Read(ref counts[(int)MatchKind.Exact]),
        Interlocked.Read(ref counts[(int)MatchKind.Wildcard]),
        Interlocked.Read(ref counts[(int)MatchKind.Nearest]),
        Interlocked.Read(ref counts[(int)MatchKind.Missing]),
        Interlocked.Read(ref learnt));
}

/// <summary>How a request of the clone was answered (DESIGN §5).</summary>
internal enum MatchKind
{
    /// <summary>Equal to a recorded request.</summary>
    Exact,

    /// <summary>Equal but for declared non-deterministic fields.</summary>
    Wildcard,

    /// <summary>With the reply to an equivalent request.</summary>
    Nearest,

    /// <summary>With the protocol's own error.</summary>
    Missing,
}
