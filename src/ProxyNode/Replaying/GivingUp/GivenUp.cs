using System.Collections.Immutable;
using System.Text.Json;
using JustRunIt.Hosting.Logging;

namespace JustRunIt.ProxyNode.Replaying.GivingUp;

/// <summary>Counts what was given up, by why, and keeps a few samples of each.</summary>
/// <param name="redact">Takes out of a sample what nobody may read.</param>
internal sealed class GivenUp(Func<string, string> redact)
{
    /// <summary>Most samples of a reason.</summary>
    public const int MostSamples = 5;

    private const int LongestSample = 300;
    private static readonly int Reasons = Enum.GetValues<GiveUpReason>().Length;
    private readonly long[] counts = new long[Reasons];
    private readonly ImmutableArray<string>[] samples =
        [.. Enumerable.Repeat(ImmutableArray<string>.Empty, Reasons)];

    private readonly Lock gate = new();

    /// <summary>One reason in the words of reports and metrics: <c>not-repeatable</c>.</summary>
    public static string NameOf(GiveUpReason reason) => Names[(int)reason];

    private static ImmutableArray<string> Names { get; } =
    [
        .. Enum.GetNames<GiveUpReason>().Select(JsonNamingPolicy.KebabCaseLower.ConvertName),
    ];

    /// <summary>A duplicate was given up. Takes no time to speak of.</summary>
    public void Count(GiveUpReason reason) => Interlocked.Increment(ref counts[(int)reason]);

    /// <summary>Says more of a reason; what comes after the first few is left out.</summary>
    /// <param name="reason">The reason.</param>
    /// <param name="sample">What was given up, and what the clone said: any text.</param>
    public void Tell(GiveUpReason reason, string sample)
    {
        if (samples[(int)reason].Length >= MostSamples)
            return;
        var line = OneLine.Of(redact(sample));
        if (line.Length > LongestSample)
            line = line[..LongestSample] + " ...";
        lock (gate)
        {
            ref var kept = ref samples[(int)reason];
            if (kept.Length < MostSamples && !kept.Contains(line))
                kept = kept.Add(line);
        }
    }

    /// <summary>Samples are taken anew; the counts go on.</summary>
    public void ForgetSamples()
    {
        lock (gate)
            Array.Fill(samples, []);
    }

    /// <summary>Those reasons that there were.</summary>
    public IReadOnlyDictionary<string, GivenUpFigures> Read()
    {
        var read = new SortedDictionary<string, GivenUpFigures>(StringComparer.Ordinal);
        lock (gate)
        {
            foreach (var reason in Enum.GetValues<GiveUpReason>())
            {
                var count = Interlocked.Read(ref counts[(int)reason]);
                if (count > 0)
                    read[NameOf(reason)] = new GivenUpFigures(count, samples[(int)reason]);
            }
        }

        return read;
    }
}
