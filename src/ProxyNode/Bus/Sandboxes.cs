using System.Collections.Concurrent;
using System.Net;
using JustRunIt.Events.Hosts;
using JustRunIt.Hosting;
using JustRunIt.ProxyNode.Configuration;
using MassTransit;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>
/// Where clones are, as their host agents say it: live traffic, with whatever secrets it bears, is copied there and nowhere else.
/// </summary>
internal sealed class Sandboxes(NodeSettings settings, IBus bus, TimeProvider clock)
{
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<IPEndPoint, (string Agent, string Clone)> announced = new();
    private readonly ConcurrentDictionary<(string Service, string Tier), IPEndPoint> used = new();

    /// <summary>An agent has made a clone.</summary>
    public void Announce(VmCloned clone)
    {
        ArgumentNullException.ThrowIfNull(clone);
        if (Read(clone.Endpoint) is { } at)
            announced[at] = (clone.Agent, clone.CloneName);
    }

    /// <summary>An agent tells all that it has: whatever else it had is gone.</summary>
    public void Replace(HostReported report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var present = report.Vms.Where(vm => vm.CloneOf is not null).ToList();
        foreach (var (at, of) in announced)
        {
            if (of.Agent == report.Agent && !present.Any(clone => clone.Name == of.Clone))
                announced.TryRemove(new KeyValuePair<IPEndPoint, (string, string)>(at, of));
        }

        foreach (var clone in present)
        {
            if (Read(clone.Endpoint) is { } at)
                announced[at] = (report.Agent, clone.Name);
        }
    }

    /// <summary>A tier's experiments are over, and its clone is about to go: its address may be anybody's next.</summary>
    public void Release(string service, string tier)
    {
        if (used.TryRemove((service, tier), out var at))
            announced.TryRemove(at, out _);
    }

    /// <summary>Whether an agent has announced a clone there; all are asked where none has.</summary>
    public async Task<bool> AreAnnouncedAsync(string service, string tier, IPEndPoint at, CancellationToken cancellation)
    {
        if (!announced.ContainsKey(at))
        {
            await bus.Publish(new HostsAsked(Guid.NewGuid()), cancellation);
            for (var end = clock.GetUtcNow() + AnswerPatience; !announced.ContainsKey(at) && clock.GetUtcNow() < end;)
                await Task.Delay(BetweenLooks, clock, cancellation);
        }

        if (!announced.ContainsKey(at))
            return false;
        used[(service, tier)] = at;
        return true;
    }

    /// <summary>Whether an agent has announced a clone there that is not gone yet.</summary>
    public bool IsAnnounced(IPEndPoint at) => announced.ContainsKey(at);

    /// <summary>Why nothing is replayed to an address.</summary>
    public string Refusal(IPEndPoint at) =>
        $"sandboxEndpoint: '{at}' is no clone that a host agent has announced to proxy node {settings.Node}; nothing is copied there";

    private static IPEndPoint? Read(string endpoint) =>
        Endpoint.TryParse(endpoint, EndpointKinds.Address, out var at) ? at.Ip : null;
}
