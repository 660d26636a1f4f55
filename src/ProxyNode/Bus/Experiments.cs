using System.Collections.Concurrent;
using JustRunIt.Events.Proxies;
using JustRunIt.Hosting;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Replaying;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>Runs each experiment once, however often it is asked for: a repeated request gets the first one's result.</summary>
internal sealed class Experiments(NodeSettings settings, TierProxies proxies, Sandboxes sandboxes, TimeProvider clock)
{
    private readonly ConcurrentDictionary<Guid, Lazy<Task<ReplayResult>>> byRequest = new();

    /// <summary>Measures; the answer to the command.</summary>
    public async Task<ReplayMeasured> RunAsync(StartReplay command)
    {
        var running = byRequest.GetOrAdd(command.RequestId, _ => new Lazy<Task<ReplayResult>>(() => MeasureAsync(command)));
        var result = await running.Value;
        return new ReplayMeasured(
            command.Subject,
            command.RequestId,
            settings.Node,
            result.From,
            result.To,
            result.Online,
            result.Sandbox,
            result.Matches,
            result.Shed,
            result.Failure,
            result.GivenUp.Count == 0 ? null : result.GivenUp);
    }

    private async Task<ReplayResult> MeasureAsync(StartReplay command)
    {
        if (proxies.Find(command.Service, command.Tier) is not { } proxy)
            return Failed($"proxy node {settings.Node} has no proxies for tier {command.Tier} of {command.Service}");
        if (!Endpoint.TryParse(command.SandboxEndpoint, EndpointKinds.Address, out var sandbox))
            return Failed($"sandboxEndpoint: '{command.SandboxEndpoint}'; allowed is {Endpoint.Allowed(EndpointKinds.Address)}");
        return await sandboxes.AreAnnouncedAsync(command.Service, command.Tier, sandbox.Ip!, CancellationToken.None)
            ? await proxy.RunExperimentAsync(sandbox.Ip!, command.Durations, CancellationToken.None)
            : Failed(sandboxes.Refusal(sandbox.Ip!));
    }

    private ReplayResult Failed(string reason) => ReplayResult.Failed(clock.GetUtcNow(), reason);
}
