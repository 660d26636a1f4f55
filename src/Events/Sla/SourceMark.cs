using System.Collections.Immutable;

namespace JustRunIt.Events.Sla;

/// <summary>Which times a source has reported: what it says of them again counts once.</summary>
/// <param name="Name">The proxy node's or monitor's name.</param>
/// <param name="Heard">Times that were reported, by their end; those of an in-proxy that follow on each other are one.</param>
public sealed record SourceMark(string Name, ImmutableArray<HeardTime> Heard)
{
    private const int MostTimes = 16;

    /// <summary>End of the latest time that was reported (UTC).</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public DateTimeOffset Latest => Heard.IsEmpty ? default : Heard[^1].To;

    /// <summary>Whether an interval that ends then was reported.</summary>
    public bool Covers(DateTimeOffset to) => Heard.Any(time => time.From < to && to <= time.To);

    /// <summary>Whether exactly this window was reported.</summary>
    public bool Has(DateTimeOffset from, DateTimeOffset to) => Heard.Contains(new HeardTime(from, to));

    /// <summary>With an interval more, joined with those that it touches.</summary>
    public SourceMark Join(DateTimeOffset from, DateTimeOffset to)
    {
        var touching = Heard.Where(time => time.From <= to && from <= time.To).ToList();
        foreach (var time in touching)
            (from, to) = (time.From < from ? time.From : from, time.To > to ? time.To : to);
        return this with { Heard = Bounded(Heard.RemoveRange(touching), new HeardTime(from, to)) };
    }

    /// <summary>With a window more, which stays apart from the others.</summary>
    public SourceMark Put(DateTimeOffset from, DateTimeOffset to) => this with { Heard = Bounded(Heard, new HeardTime(from, to)) };

    /// <summary>The earliest are forgotten first: what is said of them again is late.</summary>
    private static ImmutableArray<HeardTime> Bounded(ImmutableArray<HeardTime> heard, HeardTime one) =>
        [.. heard.Add(one).OrderBy(time => time.To).TakeLast(MostTimes)];
}

/// <summary>A time that was reported.</summary>
/// <param name="From">Its start (UTC).</param>
/// <param name="To">Its end (UTC).</param>
public readonly record struct HeardTime(DateTimeOffset From, DateTimeOffset To);
