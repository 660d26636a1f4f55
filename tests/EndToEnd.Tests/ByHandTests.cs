using System.Diagnostics;
using System.Text.RegularExpressions;
using JustRunIt.Client.Observing;
using JustRunIt.Client.Supervision;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.Hosting.Messaging;

namespace JustRunIt.EndToEnd.Tests;

/// <summary>
/// <c>justrunit hosts</c> and <c>justrunit clone</c> beside a running <c>justrunit up</c> with one server, on a bus of their own.
/// </summary>
public sealed partial class ByHandTests : IAsyncLifetime
{
    private const string Server = "calculator-1";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly string Agent = $"hand{Environment.ProcessId % 10000}";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("by-hand-");
    private RoleServers servers = null!;
    private OperatorConsole console = null!;
    private ChildProcess up = null!;

    public async Task InitializeAsync()
    {
        servers = await RoleServers.StartAsync([Agent], [Agent]);
        console = new OperatorConsole(servers);
        var ports = new Ports();
        var (listen, inProxy) = (ports.Next(), ports.Next());
        up = ChildProcess.Start(
            "up",
            OperatorConsole.Program,
            ["up", "--services", Services(), "--agent", Machines(), "--proxies", Proxies(inProxy, listen)],
            console.Environment,
            Path.Combine(folder.FullName, "up.log"));
        await using var observer = await Observer.ConnectAsync(servers.Operator, CancellationToken.None);
        await using var publisher = await Publisher.ConnectAsync(servers.Operator, "by-hand", CancellationToken.None);
        var start = new StartVm(
            Guid.NewGuid(), Agent, "host-1", Server, "calculator", "application", Pinned: false,
            new VmProgram(
                "dotnet", [Path.Combine(
                    Programs.Home, "tests/Subjects/Calculator/bin/Release/net10.0/JustRunIt.Calculator.dll"), "--listen", "{listen}"],
                new Dictionary<string, string>(), "/", listen, null, "/health"),
            Allocation.Of(CpuShare.FromPercent(60), MemorySize.FromMebibytes(256)));
        await observer.WaitAsync(
            seen => up.HasExited || seen.Of<MachineAnnounced>().Any(), Patience, () => $"the host agent: {up.LastWords()}");
        await publisher.SendAsync(
            start, new MessageHeaders(start.RequestId, start.RequestId, DateTimeOffset.UtcNow, null, 0), CancellationToken.None);
        await observer.WaitAsync(
            seen => seen.Of<VmStarted>().Any() || seen.Of<VmStartFailed>().Any(), Patience, () => $"the server: {up.LastWords()}");
        Assert.Empty(observer.Of<VmStartFailed>());
    }

    public async Task DisposeAsync()
    {
        await up.DisposeAsync();
        await servers.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_clone_is_made_capped_told_of_and_removed_or_kept_and_what_cannot_be_is_one_line()
    {
        var host = await console.HostAsync();
        var live = host.Hypervisor == "container";
        Assert.Equal([(Server, "host-1", null)], host.Vms.Select(vm => (vm.Name, vm.Machine, vm.CloneOf)));
        Assert.False(string.IsNullOrEmpty(host.Why));
        var (code, table, errors) = await console.RunAsync("hosts");
        Assert.Equal((0, ""), (code, errors));
        foreach (var text in (string[])[Agent, "host-1", "sandbox-1", "production, simulated", Server, "60 %", $"{host.Hypervisor} back "
            + $"end ({host.Why}); clones are {host.Clones}"])
            Assert.Contains(text, table);

        // Removed at once.
        (code, var output, errors) = await console.RunAsync("clone", Server, "--cpu", "40%");
        Assert.Equal((0, ""), (code, errors));
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var told = Told().Match(lines[0]);
        Assert.True(told.Success, output);
        Assert.Equal(live ? "cloned live" : "started cold", told.Groups["how"].Value);
        Assert.Equal(host.Hypervisor, told.Groups["backEnd"].Value);
        Assert.Equal(live, int.Parse(told.Groups["pause"].Value) > 0);
        Assert.Equal("its cap is 40 % of a core", lines[1]);
        Assert.Equal(2, lines.Length);
        await UntilAsync(async () => (await console.HostAsync()).Vms.Count == 1, "the clone is removed");

        // Kept, and shown on a terminal while it is made.
        (code, output, _) = await RunOnTerminalAsync("clone", Server, "--keep");
        Assert.Equal(0, code);
        Assert.Contains($"cloning {Server} to sandbox-1 ... 0.", output);
        Assert.Contains("it is destroyed in 24 hours, or when its host agent starts anew", output);
        var clone = Assert.Single((await console.HostAsync()).Vms, vm => vm.CloneOf == Server);
        Assert.Equal("sandbox-1", clone.Machine);
        Assert.InRange(clone.LeaseUntil!.Value - DateTimeOffset.UtcNow, TimeSpan.FromHours(23), TimeSpan.FromHours(24));
        using var http = new HttpClient { BaseAddress = new Uri($"http://{clone.Endpoint}") };
        Assert.Equal("ok", await http.GetStringAsync("/health"));
        Assert.Contains($"{clone.Name}, clone of {Server} until ", (await console.RunAsync("hosts")).Output);

        // The sandbox has 40 % left, and the original has 60 %.
        (code, output, errors) = await console.RunAsync("clone", Server);
        Assert.Equal((1, ""), (code, output));
        Assert.Matches($@"^cpu: 60 % for {Server}-by-hand-[0-9a-f]+ is more than machine sandbox-1 has left \(40 % of 100 %\)\n$", errors);
        Assert.Equal(2, (await console.HostAsync()).Vms.Count);
    }

    [Fact]
    public async Task Bad_input_is_one_line_and_exit_code_2_and_nothing_is_cloned()
    {
        foreach (var (arguments, line) in new (string[], string)[]
        {
            (["clone", "nobody"], $"command line: clone: 'nobody'; allowed is {Server}"),
            (["clone", Server, "--cpu", "0%"], "command line: --cpu: '0%'; allowed is a percentage from 1 %"),
            (["clone", Server, "--cpu", "much"], "command line: --cpu: 'much'; allowed is a percentage from 1 %"),
        })
        {
            var (code, output, errors) = await console.RunAsync(arguments);
            Assert.Equal((2, "", line + "\n"), (code, output, errors));
        }

        foreach (var arguments in new string[][] { ["clone"], ["hosts", "--yaml"] })
            Assert.Equal(2, (await console.RunAsync(arguments)).Code);
        // More than the sandbox has is the agent's to refuse: the clone, uncapped as wanted, does not stay.
        var (refused, _, reason) = await console.RunAsync("clone", Server, "--cpu", "200%");
        Assert.Equal(1, refused);
        Assert.Matches(@"^cpu: 200 % for .* is more than machine sandbox-1 has left \(100 % of 100 %\)\n$", reason);
        await UntilAsync(async () => (await console.HostAsync()).Vms.Count == 1, "the clone is removed");
    }

    [Fact]
    public async Task Where_no_host_agent_answers_that_is_said()
    {
        ChildProcess.AskToEnd(up.Id);
        Assert.Equal(0, await up.WaitAsync(CancellationToken.None));
        var (code, output, errors) = await console.RunAsync("hosts");
        Assert.Equal((1, "", "no host agent answers on this bus; './justrunit up' starts one\n"), (code, output, errors));
    }

    private static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        for (var waited = Stopwatch.StartNew(); !await holds();)
            Assert.True(waited.Elapsed < Patience, $"not in time: {what}");
    }

    /// <summary>With both of its outputs on a pseudo-terminal, by util-linux' script(1).</summary>
    private Task<(int Code, string Output, string Errors)> RunOnTerminalAsync(params string[] arguments) =>
        console.RunProgramAsync(
            "script",
            [
                "--quiet", "--return", "--command",
                string.Join(' ', arguments.Prepend(OperatorConsole.Program).Prepend("dotnet")), "/dev/null",
            ]);

    private string Machines() => Write("host-agent.yaml", $$"""
        dataCenter: by-hand
        agent: {{Agent}}
        stateFolder: {{folder.FullName}}/host-agent
        backEnd: auto
        onStop: stop
        simulated: true
        machines:
          - { name: host-1, role: production, cpu: 100 %, memoryMiB: 1024 }
          - { name: sandbox-1, role: sandbox, cpu: 100 %, memoryMiB: 1024 }
        allow:
          programs:
            - executable: dotnet
              arguments: ["{{Programs.Home}}/tests/Subjects/Calculator/bin/*/JustRunIt.Calculator.dll", --listen, "*"]
        """);

    private string Proxies(string listen, string upstream) => Write("proxy-node.yaml", $$"""
        node: {{Agent}}
        tiers:
          - { service: calculator, tier: application, listen: "{{listen}}", upstream: "{{upstream}}" }
        """);

    private string Services() => Write("services.yaml", $$"""
        dataCenter: by-hand
        services:
          - name: calculator
            sla: { meanResponseTime: 1s, window: 10s, measuredAt: application }
            tiers:
              - { name: application, vms: [{{Server}}], proxyNode: {{Agent}} }
            exploration:
              tiers: [application]
              resources:
                - { name: cpu, minimum: 40 %, maximum: 80 %, points: 5 }
              experiments: 3
              timeBudget: 2min
              timeShift: 1s
              settleLimit: 1s
              warmUp: 1s
              measure: 2s
              slack: 20 %
              mismatchThreshold: 25 %
              cooldown: 1min
        """);

    private string Write(string name, string text)
    {
        var file = Path.Combine(folder.FullName, name);
        File.WriteAllText(file, text);
        return file;
    }

    [GeneratedRegex(
        @"^calculator-1-by-hand-[0-9a-f]{6} answers at [0-9.:]+: (?<how>cloned live|started cold) by the (?<backEnd>\w+) back end in "
        + @"[0-9]+ ms; the original stood still for (?<pause>[0-9]+) ms; [0-9.]+ MB moved$")]
    private static partial Regex Told();
}
