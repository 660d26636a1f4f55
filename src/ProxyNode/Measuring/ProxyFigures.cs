using JustRunIt.Events.Proxies;
using JustRunIt.ProxyNode.Replaying;

namespace JustRunIt.ProxyNode.Measuring;

/// <summary>Where the figures of one proxy are kept, to be read when somebody wants to see them.</summary>
internal sealed class ProxyFigures
{
    private static readonly Label Live = new("side", "live");
    private static readonly Label Clone = new("side", "sandbox");

    /// <summary>What says which proxy it is.</summary>
    public required IReadOnlyList<Label> Labels { get; init; }

    /// <summary>On-line response times; null where nothing is measured.</summary>
    public ResponseTimes? Online { get; init; }

    /// <summary>The duplication that runs; null when there is none.</summary>
    public Func<Replay?> Replay { get; init; } = () => null;

    /// <summary>How a clone's requests were answered; null when nothing is on record.</summary>
    public Func<MatchCounts?> Matches { get; init; } = () => null;

    /// <summary>Client connections that are open.</summary>
    public required Func<int> Connections { get; init; }

    /// <summary>Exchanges on record, and exchanges that could not be kept; null without a record.</summary>
    public Func<(int Exchanges, long Lost)?> Record { get; init; } = () => null;

    /// <summary>Everything that is counted.</summary>
    public static IReadOnlyList<Family> Families { get; } =
    [
        new("justrunit.proxy.requests", "{request}", "Requests that were answered", true, proxy => Sides(proxy, times => times.Requests)),
        new(
            "justrunit.proxy.errors",
            "{request}",
            "Requests that failed, or got no reply",
            true,
            proxy => Sides(proxy, times => times.Errors)),
        new(
            "justrunit.proxy.sheds",
            "{request}",
            "Duplicates never sent because memory was short",
            true,
            proxy => OfReplay(proxy, replay => [new(replay.Shedder.Count)])),
        new(
            "justrunit.proxy.faults",
            "{fault}",
            "Events that came to a duplicate where they cannot: the proxy's own faults",
            true,
            proxy => OfReplay(proxy, replay => [new(replay.FaultCount)])),
        new("justrunit.proxy.matches", "{request}", "The clone's requests, by how they were answered from the record", true, OfMatches),
        new(
            "justrunit.proxy.compared",
            "{reply}",
            "Replies of both sides that were compared",
            true,
            proxy => OfReplay(proxy, replay => [new(replay.Comparison.Read().Compared)])),
        new(
            "justrunit.proxy.differences",
            "{reply}",
            "Replies in which both sides differ, by the first thing that does",
            true,
            proxy => OfReplay(proxy, OfDifferences)),
        new("justrunit.proxy.connections", "{connection}", "Client connections that are open", false, proxy => [new(proxy.Connections())]),
        new(
            "justrunit.proxy.record.exchanges",
            "{exchange}",
            "Exchanges on record",
            false,
            proxy => proxy.Record() is { } record ? [new(record.Exchanges)] : []),
        new(
            "justrunit.proxy.record.lost",
            "{exchange}",
            "Exchanges that could not be kept",
            true,
            proxy => proxy.Record() is { } record ? [new(record.Lost)] : []),
    ];

    /// <summary>The response times and lateness that there are.</summary>
    public IEnumerable<(string Name, string Description, ResponseTimes.Distribution Times, Label[] Labels)> Distributions()
    {
        if (Online is not null)
            yield return (ProxyMeter.Durations.Name, ProxyMeter.Durations.Description!, Online.ReadAll(), [Live]);
        if (Replay() is not { } replay)
            yield break;
        yield return (ProxyMeter.Durations.Name, ProxyMeter.Durations.Description!, replay.ResponseTimes.ReadAll(), [Clone]);
        yield return (ProxyMeter.Lateness.Name, ProxyMeter.Lateness.Description!, replay.Pacer.Lateness.ReadAll(), []);
    }

    private static IReadOnlyList<Sample> Sides(ProxyFigures proxy, Func<ResponseTimes.Distribution, long> value)
    {
        var sides = new List<Sample>();
        if (proxy.Online is { } online)
            sides.Add(new Sample(value(online.ReadAll()), Live));
        if (proxy.Replay() is { } replay)
            sides.Add(new Sample(value(replay.ResponseTimes.ReadAll()), Clone));
        return sides;
    }

    private static IReadOnlyList<Sample> OfMatches(ProxyFigures proxy) => proxy.Matches() is not { } counts ? [] :
    [
        new(counts.Exact, new Label("match", "exact")),
        new(counts.Wildcard, new Label("match", "wildcard")),
        new(counts.Nearest, new Label("match", "nearest")),
        new(counts.Missing, new Label("match", "missing")),
    ];

    private static IReadOnlyList<Sample> OfDifferences(Replay replay)
    {
        var differences = replay.Comparison.Read();
        return
        [
            new(differences.Status, new Label("difference", "status")),
            new(differences.Length, new Label("difference", "length")),
            new(differences.Content, new Label("difference", "content")),
        ];
    }

    private static IReadOnlyList<Sample> OfReplay(ProxyFigures proxy, Func<Replay, IReadOnlyList<Sample>> read) =>
        proxy.Replay() is { } replay ? read(replay) : [];

    /// <summary>A name and its value.</summary>
    internal readonly record struct Label(string Name, string Value);

    /// <summary>One count.</summary>
    internal sealed record Sample(long Value, params Label[] Labels);

    /// <summary>One thing that is counted.</summary>
    /// <param name="Name">Of the instrument.</param>
    /// <param name="Unit">UCUM.</param>
    /// <param name="Description">What it counts.</param>
    /// <param name="IsCounter">It never falls; else it is a size of now.</param>
    /// <param name="Read">Reads it of a proxy.</param>
    internal sealed record Family(
        string Name, string Unit, string Description, bool IsCounter, Func<ProxyFigures, IReadOnlyList<Sample>> Read);
}
