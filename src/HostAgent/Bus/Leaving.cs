using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using MassTransit;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.HostAgent.Bus;

/// <summary>
/// Says at an orderly end that the agent's machines are there no longer, so that nothing is placed or tried on them until it announces
/// them again. An agent that is killed says nothing: what waits for it finds out.
/// </summary>
internal sealed class Leaving(AgentSettings settings, VmHost host, StartRecovery recovery, IBus bus) : IHostedService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Before the bus ends. A broker that is away holds up nobody's end.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // An agent that never came to know what runs has announced nothing.
        if (!recovery.IsDone)
            return;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        foreach (var machine in settings.Machines)
        {
            var leaving = Allocations.Announced(settings, machine, host.BackEndName) with
            {
                Leaving = true,
                Stopping = settings.StopsWhatRuns,
            };
            if (!await host.Troubles.TryAsync($"machine {machine.Name}", () => SayAsync(leaving, patience.Token)))
                return;
        }
    }

    private async Task SayAsync(Events.Hosts.MachineAnnounced leaving, CancellationToken patience)
    {
        try
        {
            await bus.Publish(leaving, patience);
        }
        catch (OperationCanceledException)
        {
            throw new HostException("the broker is away, and is not told that it leaves");
        }
    }
}
