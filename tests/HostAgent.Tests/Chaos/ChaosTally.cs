using System.Globalization;

namespace JustRunIt.HostAgent.Tests.Chaos;

/// <summary>What many kills came to: kills by operation, and everything that should not be.</summary>
internal sealed class ChaosTally(string backEnd, int seed)
{
    private readonly SortedDictionary<string, int> kills = new(StringComparer.Ordinal);
    private readonly List<string> faults = [];

    /// <summary>Kills so far.</summary>
    public int Kills => kills.Values.Sum();

    /// <summary>Online servers that were gone, or not the same any more; what was left over; what was not as it should be.</summary>
    public IReadOnlyList<string> Faults => faults;

    /// <summary>Counts one.</summary>
    public void Killed(string operation) => kills[operation] = kills.GetValueOrDefault(operation) + 1;

    /// <summary>Keeps what is wrong after a kill.</summary>
    public void Wrong(string kind, string at, string what) => faults.Add($"{kind}: {at}: {what}");

    /// <summary>One line for each operation, and one for each fault.</summary>
    public override string ToString() => string.Join('\n',
    [
        .. kills.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{backEnd} {pair.Key} {pair.Value} kills")),
        string.Create(
            CultureInfo.InvariantCulture,
            $"{backEnd} all {Kills} kills, {Count("lost")} servers lost, {Count("left")} leftovers, {Count("cap")} wrong caps, "
            + $"{Count("quarantined")} in quarantine, seed {seed}"),
        .. faults,
    ]);

    private int Count(string kind) => faults.Count(fault => fault.StartsWith(kind, StringComparison.Ordinal));
}
