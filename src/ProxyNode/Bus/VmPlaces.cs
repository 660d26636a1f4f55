using JustRunIt.Events.Hosts;
using JustRunIt.Events.Placement;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Measuring;
using Microsoft.Extensions.Logging;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>
/// Sends new connections where virtual machines are, as far as those who say it are believed; what is not believed is counted, and said
/// at once the first time, then a line a minute.
/// </summary>
internal sealed partial class VmPlaces(NodeSettings settings, TierProxies proxies, TimeProvider clock, ILogger<VmPlaces> logger)
{
    /// <summary>
    /// How long it takes until the first word of where a virtual machine is counts: all agents are asked at once, and two that both say
    /// they have it must both have been heard.
    /// </summary>
    public static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly VmHolders holders = new(settings.Relays.Select(relay => relay.Vm).OfType<string>());
    private readonly Dictionary<string, (long At, long Since)> said = new(StringComparer.Ordinal);

    /// <summary>Placement has ordered a move.</summary>
    public void Order(MigrationStarted order)
    {
        lock (gate)
            Act(holders.Order(order));
    }

    /// <summary>An agent has a virtual machine after a move.</summary>
    public void Move(VmMigrated moved)
    {
        lock (gate)
            Act(holders.Move(moved));
    }

    /// <summary>An agent tells what it runs.</summary>
    public void Report(HostReported report)
    {
        lock (gate)
        {
            foreach (var word in holders.Report(report))
                Act(word);
        }

        _ = SettleAsync();
    }

    private async Task SettleAsync()
    {
        await Task.Delay(Settling, clock);
        lock (gate)
        {
            foreach (var word in holders.Settle())
                Act(word);
        }
    }

    private void Act(VmWord? word)
    {
        if (word is { Doubt: null })
            proxies.Follow(word);
        else if (word is { Doubt: { } doubt })
            Doubt(word, doubt);
    }

    private void Doubt(VmWord word, string why)
    {
        ProxyMeter.Doubts.Add(1, new KeyValuePair<string, object?>("vm", word.Vm));
        var now = clock.GetTimestamp();
        var isKnown = said.TryGetValue(word.Vm, out var last);
        if (isKnown && clock.GetElapsedTime(last.At, now) < Pause)
        {
            said[word.Vm] = (last.At, last.Since + 1);
            return;
        }

        LogDoubted(word.Agent, word.Vm, word.Endpoint, why, last.Since + 1);
        said[word.Vm] = (now, 0);
    }

    [LoggerMessage(EventId = 1307, Level = LogLevel.Warning,
        Message = "not followed: agent {Agent} says that {Vm} is at {Endpoint}; {Why} ({Count} since the last such line)")]
    private partial void LogDoubted(string agent, string vm, string endpoint, string why, long count);
}
