using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Tests.Compliance;

/// <summary>The container back end: what every one must do, and that a live clone is the original.</summary>
[BackEnd("container")]
public sealed class ContainerComplianceTests : LiveCloneCompliance
{
    protected override IReadOnlyList<string> Phases => ["network", "images", "dump", "disk", "restore", "tidy", "health"];

    protected override IReadOnlyList<string> SendPhases => ["offer", "disk", "dump", "frozen", "decide", "given", "forgotten"];

    protected override IReadOnlyList<string> ReceivePhases => ["prepare", "disk", "rest", "restore", "loaded", "land", "landed"];

    [ComplianceFact]
    public async Task What_cannot_be_checkpointed_is_refused_in_the_tools_words_and_the_original_runs_on()
    {
        var vm = await Host.RunAsync(Host.Specimen("original"));
        using var server = new Asking(vm.Endpoint);
        await server.PostAsync("/uncheckpointable");
        await RefusedAsync(() => Host.CloneAsync("original", "clone"), "criu dump: ");
        Assert.Equal(1, await server.CountAsync());
        await Host.Vms.StopAsync("original", CancellationToken.None);
        Assert.Empty(await Host.LeftAsync());
    }

    [ComplianceFact]
    public async Task A_client_that_reads_slowly_gets_all_of_a_reply_whose_connection_the_server_has_closed_before_it_moved()
    {
        const int length = 30_000;
        await using var other = new Agent(Host.Settings.BackEnd);
        await other.Vms.RecoverAsync(CancellationToken.None);
        var vm = await Host.RunAsync(Host.Specimen("mover", 0.5));
        using var client = await SlowReader.AskAsync(vm.Endpoint, length);
        var move = MoveAsync(Host, other, "mover");
        await Task.Delay(300);
        Assert.Equal(length, await client.ReadAsync());
        Assert.Equal(1, (await move).Moves);
        await other.Vms.StopAsync("mover", CancellationToken.None);
    }

    [ComplianceFact]
    public async Task A_server_whose_client_does_not_read_the_reply_on_a_connection_that_was_closed_stays_and_says_so()
    {
        const int length = 30_000;
        await using var other = new Agent(Host.Settings.BackEnd);
        await other.Vms.RecoverAsync(CancellationToken.None);
        var vm = await Host.RunAsync(Host.Specimen("mover"));
        using var server = new Asking(vm.Endpoint);
        using var client = await SlowReader.AskAsync(vm.Endpoint, length);
        await RefusedAsync(() => MoveAsync(Host, other, "mover"), "do not read what it has sent on connections that it has closed");
        Assert.Equal(1, await server.CountAsync());
        Assert.Equal(length, await client.ReadAsync());
        Assert.Empty(await other.LeftAsync());
        Assert.Empty(await Host.LeftAsync(vm));
    }

    [ComplianceFact]
    public async Task A_server_whose_holder_is_killed_while_it_stands_still_goes_on_and_is_reached()
    {
        await using var other = new Agent(Host.Settings.BackEnd);
        await other.Vms.RecoverAsync(CancellationToken.None);
        var vm = await Host.RunAsync(Host.Specimen("mover"));
        using var server = new Asking(vm.Endpoint);
        // It keeps the container standing still again and again.
        using var client = await SlowReader.AskAsync(vm.Endpoint, 30_000);
        var move = MoveAsync(Host, other, "mover");
        while (!(await File.ReadAllTextAsync($"/proc/{vm.ProcessId}/stat")).Contains(") T ", StringComparison.Ordinal))
            await Task.Delay(1);
        await Tool.RunAsync("pkill", ["-9", "-f", $"{Host.Settings.StateFolder}/.*/hold.sh"]);
        await Assert.ThrowsAsync<HostException>(() => move);
        Assert.Equal(1, await server.CountAsync());
        Assert.Empty(await other.LeftAsync());
        Assert.Empty(await Host.LeftAsync(vm));
    }

    [ComplianceFact]
    public Task A_clones_namespaces_are_its_own() => NamespacesAsync("");

    [ComplianceFact]
    public Task A_clones_namespaces_are_its_own_where_the_original_has_system_V_objects() => NamespacesAsync("--queue");

    /// <param name="made">Option of ipcmk(1) for what the original makes; empty for nothing.</param>
    private async Task NamespacesAsync(string made)
    {
        var specimen = Host.Specimen("original");
        var program = specimen.Program;
        var vm = await Host.RunAsync(specimen with
        {
            Program = program with
            {
                Executable = "/bin/bash",
                Arguments =
                [
                    "-c", """[ -z "$1" ] || ipcmk "$1" || exit 1; shift; exec "$@" """, "bash",
                    made, program.Executable, .. program.Arguments,
                ],
            },
        });
        await Host.CloneAsync("original", "clone");
        var clone = Host.Vms.List().First(running => running.Name == "clone");
        foreach (var kind in new[] { "ipc", "uts", "net", "mnt", "pid" })
        {
            Assert.NotEqual(Namespace(vm, kind), Namespace(clone, kind));
            Assert.NotEqual(new FileInfo($"/proc/self/ns/{kind}").LinkTarget, Namespace(clone, kind));
        }

        var (here, there) = (await QueuesAsync(vm), await QueuesAsync(clone));
        Assert.Equal(made.Length > 0 ? 1 : 0, here.Count);
        Assert.Equal(here, there);
    }

    private static string? Namespace(RunningVm vm, string kind) => new FileInfo($"/proc/{vm.ProcessId}/ns/{kind}").LinkTarget;

    /// <summary>Keys and ids of its System V message queues.</summary>
    private static async Task<IReadOnlyList<string>> QueuesAsync(RunningVm vm) =>
    [
        .. (await Tool.RunAsync("nsenter", ["--target", $"{vm.ProcessId}", "--ipc", "cat", "/proc/sysvipc/msg"]))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Skip(1)
            .Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(2))),
    ];
}
