using System.Diagnostics;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.Tests.Compliance;

namespace JustRunIt.HostAgent.Tests;

/// <summary>What was started by an agent that refused less runs on, and its command comes again.</summary>
public sealed class RulesOfTheirTimeTests : IDisposable
{
    private readonly Process server = Process.Start(new ProcessStartInfo("sleep", "600"))!;

    private readonly AgentSettings settings =
        Agent.SettingsOf("before", "process", Directory.CreateTempSubdirectory("justrunit-before-").FullName) with
        {
            Isolation = Isolation.None,
            Allowed = new Allowed([], [], []),
        };

    public void Dispose()
    {
        server.Kill();
        server.Dispose();
        Directory.Delete(settings.StateFolder, recursive: true);
    }

    [Fact]
    public async Task A_server_that_would_be_refused_now_is_returned_as_it_runs_and_a_new_one_is_refused()
    {
        var program = new VmProgram(
            "/bin/true", [], new Dictionary<string, string> { ["DB_PASSWORD"] = "hunter2-by-command" }, "/tmp", "127.0.0.1:18098", null,
            null);
        var start = new StartVm(
            Guid.NewGuid(), "before", "host-1", "shop", "shop", "application", false, program,
            Allocation.Of(new CpuShare(0.3), MemorySize.FromMebibytes(64)));
        var vm = new RunningVm(
            "shop", "host-1", start, new CpuShare(0.3), MemorySize.FromMebibytes(64), program.Listen, server.Id,
            ProcessTable.StartOf(server.Id)!.Value, null);
        var state = new StateFile(settings);
        state.Save(HostRecord.Empty with { Running = [vm] });
        var host = new VmHost(
            new ProcessBackEndKind(),
            new HostParts(settings, TinyKernel.Of(server.Id), state, new SandboxNetworks(settings), TimeProvider.System));
        await host.RecoverAsync(CancellationToken.None);

        Assert.Equal(server.Id, (await host.StartAsync(start, CancellationToken.None)).ProcessId);
        Assert.Equal(server.Id, (await host.StartAsync(start with { RequestId = Guid.NewGuid() }, CancellationToken.None)).ProcessId);

        var inClear = await Assert.ThrowsAsync<HostException>(
            () => host.StartAsync(start with { Vm = "other" }, CancellationToken.None));
        Assert.StartsWith("program.environment: DB_PASSWORD: in clear", inClear.Message);
        var other = program with { Environment = new Dictionary<string, string>() };
        await Assert.ThrowsAsync<HostException>(
            () => host.StartAsync(start with { Vm = "other", Program = other }, CancellationToken.None));
        Assert.Equal("shop", Assert.Single(host.List()).Name);
    }
}
