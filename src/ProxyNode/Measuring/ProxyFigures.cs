using JustRunIt.Events.Proxies;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Replaying;
using JustRunIt.ProxyNode.Sandboxes;

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

    /// <summary>Its clients' connections.</summary>
    public required Func<ConnectionFigures> Connections { get; init; }

    /// <summary>The connections to the next tiers, by their names.</summary>
    public Func<IEnumerable<(string Name, ConnectionFigures Figures)>> NextConnections { get; init; } = () => [];

    /// <summary>Exchanges on record, and exchanges that could not be kept; null without a record.</summary>
    public Func<(int Exchanges, long Lost)?> Record { get; init; } = () => null;

    /// <summary>Who was refused at a sandbox address; null where there is none.</summary>
    public Func<SandboxRefused?> Refused { get; init; } = () => null;

    /// <summary>Everything that is counted.</summary>
    public static IReadOnlyList<Family> Families { get; } =
    [
        new(
            "justrunit.proxy.arrivals",
            "{request}",
            "Requests that began on-line and await a reply: as many as were answered, failed or are open",
            true,
            proxy => OfConnections(proxy, figures => figures.Exchanges.Arrived)),
        new("justrunit.proxy.exchanges", "{request}", "Requests that are over on-line, by how", true, OfExchanges),
        new(
            "justrunit.proxy.duplicates.arrivals",
            "{request}",
            "Requests that began while they were duplicated: as many as are open or over at the clone, or have no duplicate",
            true,
            proxy => OfReplay(proxy, replay => [new(replay.Ledger.Read().Arrived)])),
        new("justrunit.proxy.duplicates", "{request}", "Duplicates that are over, by how", true, proxy => OfReplay(proxy, OfDuplicates)),
        new(
            "justrunit.proxy.duplicates.open",
            "{request}",
            "Duplicates that are not due yet, or that the clone works on",
            false,
            proxy => OfReplay(proxy, replay => [new(replay.Ledger.Read().Open)])),
        new(
            "justrunit.proxy.duplicates.without",
            "{request}",
            "Requests that have no duplicate by design, by why",
            true,
            proxy => OfReplay(proxy, replay =>
                [.. replay.Ledger.Read().NotDuplicated.Select(why => new Sample(why.Value, new Label("reason", why.Key)))])),
        new(
            "justrunit.proxy.given.up",
            "{request}",
            "Duplicates that were given up for other reasons than memory, by why",
            true,
            proxy => OfReplay(proxy, replay =>
                [.. replay.Ledger.Read().ByReason.Select(why => new Sample(why.Value.Count, new Label("reason", why.Key)))])),
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
        new(
            "justrunit.proxy.open",
            "{request}",
            "Requests that have arrived on-line and are not answered yet",
            false,
            proxy => proxy.Online?.Open is { } open ? [new(open.Read().Count)] : []),
        new(
            "justrunit.proxy.connections",
            "{connection}",
            "Client connections that are open",
            false,
            proxy => OfConnections(proxy, figures => figures.Open)),
        new(
            "justrunit.proxy.connections.limit",
            "{connection}",
            "Client connections that are served at once at most",
            false,
            proxy => OfConnections(proxy, figures => figures.Most)),
        new(
            "justrunit.proxy.connections.arrived",
            "{connection}",
            "Client connections that were opened",
            true,
            proxy => OfConnections(proxy, figures => figures.Arrived)),
        new("justrunit.proxy.connections.ended", "{connection}", "Client connections that have ended, by why", true, OfEnds),
        new(
            "justrunit.proxy.shortages",
            "{failure}",
            "Times that the system had no descriptor or no memory for a socket",
            true,
            proxy => OfConnections(proxy, figures => figures.Shortages)),
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
        new(
            "justrunit.proxy.refusals",
            "{connection}",
            "Connections and log-ins at a sandbox address that are no clone's",
            true,
            proxy => proxy.Refused() is { } refused ?
            [
                new(refused.Source, new Label("reason", "source")),
                new(refused.User, new Label("reason", "user")),
                new(refused.Password, new Label("reason", "password")),
            ] : []),
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

    private static IReadOnlyList<Sample> OfConnections(ProxyFigures proxy, Func<ConnectionFigures, long> value) =>
    [
        new(value(proxy.Connections())),
        .. proxy.NextConnections().Select(next => new Sample(value(next.Figures), new Label("next", next.Name))),
    ];

    private static IReadOnlyList<Sample> OfExchanges(ProxyFigures proxy) =>
    [
        .. OfConnections(proxy, figures => figures.Exchanges.Answered)
            .Select(sample => sample with { Labels = [.. sample.Labels, new Label("outcome", "answered")] }),
        .. OfConnections(proxy, figures => figures.Exchanges.Failed)
            .Select(sample => sample with { Labels = [.. sample.Labels, new Label("outcome", "failed")] }),
    ];

    private static IReadOnlyList<Sample> OfDuplicates(Replay replay)
    {
        var duplicates = replay.Ledger.Read();
        return
        [
            new(duplicates.Answered, new Label("outcome", "answered")),
            new(duplicates.Sent, new Label("outcome", "sent")),
            new(duplicates.Failed, new Label("outcome", "failed")),
            new(duplicates.Shed, new Label("outcome", "shed")),
            new(duplicates.GivenUp, new Label("outcome", "given-up")),
        ];
    }

    private static IReadOnlyList<Sample> OfEnds(ProxyFigures proxy) =>
    [
        .. proxy.Connections().Ended.Select(end => new Sample(end.Value, new Label("reason", end.Key))),
        .. proxy.NextConnections().SelectMany(next => next.Figures.Ended.Select(
            end => new Sample(end.Value, new Label("next", next.Name), new Label("reason", end.Key)))),
    ];

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
