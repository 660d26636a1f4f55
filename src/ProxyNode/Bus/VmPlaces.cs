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
internal sealed partial class VmPlaces
{
    /// <summary>
    /// How long it takes until the first word of where a virtual machine is counts: all agents are asked at once, and two that both say
    /// they have it must both have been heard.
    /// </summary>
    public static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly TierProxies proxies;
    private readonly TimeProvider clock;
    private readonly ILogger<VmPlaces> logger;
    private readonly Lock gate = new();
    private readonly VmHolders holders;
    private readonly OrderFile file;
    private readonly Dictionary<string, (long At, long Since)> said = new(StringComparer.Ordinal);
    private IReadOnlyList<MigrationStarted> saved;
    private bool isKept = true;

    /// <summary>Those of a node, which may have been started anew while virtual machines move.</summary>
    public VmPlaces(NodeSettings settings, TierProxies proxies, TimeProvider clock, ILogger<VmPlaces> logger)
    {
        (this.proxies, this.clock, this.logger) = (proxies, clock, logger);
        holders = new VmHolders(settings.Relays.Select(relay => relay.Vm).OfType<string>());
        file = OrderFile.Of(settings.File, settings.Node);
        saved = file.Read();
        var now = clock.GetUtcNow();
        foreach (var order in saved.Where(order => !VmHolders.IsOver(order, now)))
            holders.Order(order);
    }

    /// <summary>Placement has ordered a move.</summary>
    public void Order(MigrationStarted order)
    {
        lock (gate)
        {
            Act(holders.Order(order));
            Keep();
        }
    }

    /// <summary>An agent has a virtual machine after a move.</summary>
    public void Move(VmMigrated moved)
    {
        lock (gate)
        {
            Act(holders.Move(moved));
            Keep();
        }
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

    /// <summary>Remembers what is ordered, where that has changed; a file that cannot be written is told of once.</summary>
    private void Keep()
    {
        holders.Forget(clock.GetUtcNow());
        var pending = holders.Pending;
        if (pending.SequenceEqual(saved))
            return;
        saved = pending;
        var why = file.Save(pending);
        if (why is not null && isKept)
            LogNotKept(why);
        isKept = why is null;
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

    [LoggerMessage(EventId = 1308, Level = LogLevel.Warning,
        Message = "moves that are ordered are not remembered over a restart of this node: {Reason}")]
    private partial void LogNotKept(string reason);
}
