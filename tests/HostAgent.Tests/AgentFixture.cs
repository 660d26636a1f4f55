using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.Tests.Compliance;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Tests;

/// <summary>An agent of its own on this machine: real control groups, real namespaces, real programs.</summary>
public sealed class AgentFixture : IAsyncLifetime
{
    // Test classes run side by side, each with an agent of its own.
    private static int agents;

    private readonly string folder = Path.Combine(Path.GetTempPath(), $"justrunit-agent-{Guid.NewGuid():N}");

    internal AgentSettings Settings { get; private set; } = null!;

    internal IControlGroups Groups { get; private set; } = null!;

    internal VmHost Vms { get; private set; } = null!;

    internal SandboxNetworks Networks { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Settings = Agent.SettingsOf($"t{Environment.ProcessId % 10000}-{Interlocked.Increment(ref agents)}", "process", folder);
        Groups = ControlGroupDetection.Detect(Settings);
        Networks = new SandboxNetworks(Settings);
        Vms = NewAgent();
        await Vms.RecoverAsync(CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        foreach (var vm in Vms.List())
            await Vms.StopAsync(vm.Name, CancellationToken.None);
        foreach (var machine in Settings.Machines)
            Groups.Remove(GroupPath.Of(machine.Name));
        Groups.Remove(GroupPath.Root);
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    /// <summary>Another agent over the same state: what a restart would be.</summary>
    internal VmHost NewAgent() =>
        new(new ProcessBackEndKind(), new HostParts(Settings, Groups, new StateFile(Settings), Networks, TimeProvider.System));

    /// <summary>A restart: from now on the new agent is the agent.</summary>
    internal void Replace(VmHost next) => Vms = next;

    /// <summary>A shell that does as told; healthy when it accepts connections, or at once for <paramref name="listens"/> false.</summary>
    internal StartVm Calculator(string name, double cpu = 0.5, string machine = "host-1") => Start(
        name,
        machine,
        cpu,
        new VmProgram(
            "dotnet",
            [Path.Combine(Agent.Repository, $"tests/Subjects/Calculator/bin/{Agent.BuiltTo}/JustRunIt.Calculator.dll"), "--listen", "{listen}"],
            new Dictionary<string, string>(),
            folder,
            $"127.0.0.1:{FreePort.Find()}",
            null,
            "/health"));

    internal StartVm Start(string name, string machine, double cpu, VmProgram program)
    {
        Directory.CreateDirectory(folder);
        return new(
            Guid.NewGuid(), Settings.Agent, machine, name, "shop", "application", false, program,
            Allocation.Of(new CpuShare(cpu), MemorySize.FromMebibytes(256)));
    }

    internal VmProgram Shell(string script) =>
        new("/bin/sh", ["-c", script], new Dictionary<string, string>(), "/", $"127.0.0.1:{FreePort.Find()}", null, null);
}
