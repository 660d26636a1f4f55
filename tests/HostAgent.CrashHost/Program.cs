using System.Text.Json;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Hypervisors;
using JustRunIt.HostAgent.Networks;

// An agent without a bus that takes up what runs, clones once and says how far it has come: it is there to be killed.
var settings = JsonSerializer.Deserialize<AgentSettings>(await Console.In.ReadLineAsync() ?? "")!;
var command = new CloneVm(
    "matrix", Guid.NewGuid(), settings.Agent, args[0], args[1], settings.Machines.First(machine => machine.Role == MachineRole.Sandbox).Name, null, DateTimeOffset.UtcNow.AddMinutes(5));
var (backEnd, _) = await HypervisorRegistry.ChooseAsync(settings, CancellationToken.None);
var hypervisor = backEnd.Create(new HostParts(
    settings, ControlGroupDetection.Detect(settings), new StateFile(settings), new SandboxNetworks(settings), TimeProvider.System, new Teller()));
await hypervisor.RecoverAsync(CancellationToken.None);
await hypervisor.CloneAsync(command, CancellationToken.None);
Console.WriteLine("done");
await Task.Delay(Timeout.Infinite);

/// <summary>Tells at once, before the phase goes on.</summary>
internal sealed class Teller : IProgress<Phase>
{
    public void Report(Phase value) => Console.WriteLine(value.Name);
}
