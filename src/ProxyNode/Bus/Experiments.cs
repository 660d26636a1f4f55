using System.Collections.Concurrent;
using System.Net;
using JustRunIt.Events.Proxies;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Messaging;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Replaying;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>
/// Runs each experiment once, however often it is asked for: a repeated request gets the first one's result, as long as that is among the
/// newest. One that failed for a fault of this node's has no result, and is tried anew.
/// </summary>
internal sealed class Experiments(NodeSettings settings, TierProxies proxies, Sandboxes sandboxes, TimeProvider clock)
{
    private const int MostFinished = 1000;

    private readonly ConcurrentDictionary<Guid, Lazy<Task<ReplayResult>>> byRequest = new();
    private readonly ConcurrentQueue<Guid> finished = new();

    /// <summary>Measures; the answer to the command.</summary>
    public async Task<ReplayMeasured> RunAsync(StartReplay command)
    {
        var running = byRequest.GetOrAdd(command.RequestId, _ => new Lazy<Task<ReplayResult>>(() => RunOnceAsync(command)));
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

    private async Task<ReplayResult> RunOnceAsync(StartReplay command)
    {
        try
        {
            var result = await MeasureAsync(command);
            finished.Enqueue(command.RequestId);
            while (finished.Count > MostFinished && finished.TryDequeue(out var oldest))
                byRequest.TryRemove(oldest, out _);
            return result;
        }
        catch
        {
            byRequest.TryRemove(command.RequestId, out _);
            throw;
        }
    }

    private async Task<ReplayResult> MeasureAsync(StartReplay command)
    {
        if (proxies.Find(command.Service, command.Tier) is not { } proxy)
            return Failed($"proxy node {settings.Node} has no proxies for tier {command.Tier} of {command.Service}");
        if (!Endpoint.TryParse(command.SandboxEndpoint, EndpointKinds.Address, out var sandbox))
            return Failed($"sandboxEndpoint: '{command.SandboxEndpoint}'; allowed is {Endpoint.Allowed(EndpointKinds.Address)}");
        return await sandboxes.AreAnnouncedAsync(command.Service, command.Tier, sandbox.Ip!, CancellationToken.None)
            ? await proxy.RunExperimentAsync(sandbox.Ip!, command.Durations, CancellationToken.None, () => WhyNot(command, sandbox.Ip!))
            : Failed(sandboxes.Refusal(sandbox.Ip!));
    }

    private string? WhyNot(StartReplay command, IPEndPoint sandbox) =>
        command.ExpiresAt is { } end && end <= clock.GetUtcNow() ? Answers.Expired(end)
        : sandboxes.IsAnnounced(sandbox) ? null
        : sandboxes.Refusal(sandbox);

    private ReplayResult Failed(string reason) => ReplayResult.Failed(clock.GetUtcNow(), reason);
}
