using System.Globalization;
using JustRunIt.Client.Supervision;
using JustRunIt.Demo;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.Bench.Fidelity;

/// <summary>
/// One sample between the two proxies of its application tier (§2.2.1): the on-line server on its database, and a second
/// server, started alike, that meets nothing but the proxies. Both under control groups with the same cap.
/// </summary>
internal sealed class Scene : IAsyncDisposable
{
    private static readonly GroupPath Online = GroupPath.Of("fidelity-online");
    private static readonly GroupPath Clone = GroupPath.Of("fidelity-clone");
    private static readonly TimeSpan QuotaPeriod = TimeSpan.FromMilliseconds(10);

    // As the host agent starts servers, so that both are compiled alike.
    private static readonly Dictionary<string, string> ProxyEnvironment = new() { ["DOTNET_gcServer"] = "0", ["DOTNET_TieredPGO"] = "0" };

    private readonly Sample sample;
    private readonly string folder;
    private readonly Ports ports = new();
    private readonly IControlGroups groups;
    private readonly List<ChildProcess> children = [];

    private Scene(Sample sample)
    {
        this.sample = sample;
        folder = Path.Combine(Programs.LocalFolder, "fidelity", sample.Name.ToLowerInvariant());
        groups = ControlGroupDetection.Detect(
            new AgentSettings("bench", "bench", folder, 1, true, QuotaPeriod, Isolation.None, false, []));
        Web = ports.Next();
        InAdmin = ports.Next();
        OutAdmin = ports.Next();
    }

    /// <summary>Where clients ask.</summary>
    public string Web { get; }

    /// <summary>Where the in-proxy reports.</summary>
    public string InAdmin { get; }

    /// <summary>Where the out-proxy reports.</summary>
    public string OutAdmin { get; }

    /// <summary>What the caps are made of.</summary>
    public string Groups => groups.Description;

    /// <summary>Starts everything and waits until it serves.</summary>
    public static async Task<Scene> StartAsync(Sample sample, CancellationToken cancellation)
    {
        var scene = new Scene(sample);
        try
        {
            await scene.StartAsync(cancellation);
            return scene;
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives both servers the same share.</summary>
    public void SetShare(double cores)
    {
        groups.SetCpu(Online, new CpuShare(cores), QuotaPeriod);
        groups.SetCpu(Clone, new CpuShare(cores), QuotaPeriod);
    }

    /// <summary>CPU time of both servers since they began, seconds.</summary>
    public (double Online, double Clone) CpuSeconds() => (groups.CpuTime(Online).TotalSeconds, groups.CpuTime(Clone).TotalSeconds);

    /// <summary>Clients; none at first.</summary>
    public Emulator StartClients(int seed) =>
        Emulator.Start(sample.Name, Web, 0, Plan.ThinkTime, seed, Sample.Users, Path.Combine(folder, "logs", "emulator.log"));

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        foreach (var child in Enumerable.Reverse(children))
            await child.DisposeAsync();
        foreach (var group in new[] { Online, Clone })
        {
            ProcessTable.End(groups.Processes(group));
            groups.Remove(group);
        }

        groups.Remove(GroupPath.Root);
    }

    private async Task StartAsync(CancellationToken cancellation)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        var (database, record, recordForClone) = (ports.Next(), ports.Next(), ports.Next());
        var (inProxy, online, clone) = (ports.Next(), ports.Next(), ports.Next());
        var rules = Path.Combine(Programs.Home, sample.Rules);
        var shift = string.Create(CultureInfo.InvariantCulture, $"{Plan.TimeShift.TotalSeconds:0.###}s");
        await StartChildAsync(
            "database",
            Programs.OfSample(sample.Name, "Database"),
            database,
            null,
            ["--folder", Path.Combine(folder, "data"), .. sample.Rows],
            cancellation);
        await StartChildAsync(
            "out-proxy", Programs.OfProduct("ProxyNode"), record, null,
            [
                "--role", "out", "--protocol", "mysql", "--upstream", database, "--sandbox", recordForClone,
                "--time-shift", shift, "--rules", rules, "--admin", OutAdmin,
            ],
            cancellation);
        await StartServerAsync(Online, online, record, cancellation);
        await StartServerAsync(Clone, clone, recordForClone, cancellation);
        await StartChildAsync(
            "in-proxy", Programs.OfProduct("ProxyNode"), inProxy, null,
            [
                "--role", "in", "--upstream", online, "--sandbox", clone, "--time-shift", shift, "--peer", OutAdmin,
                "--rules", rules, "--admin", InAdmin,
            ],
            cancellation);
        await StartChildAsync("web", Programs.OfSample(sample.Name, "Web"), Web, "/health", ["--next", inProxy], cancellation);
    }

    private async Task StartChildAsync(
        string name, string assembly, string listen, string? health, string[] arguments, CancellationToken cancellation)
    {
        string[] command = assembly == Programs.OfProduct("ProxyNode") ? ["proxy"] : [];
        var child = ChildProcess.Start(
            name,
            assembly,
            [.. command, "--listen", listen, .. arguments],
            ProxyEnvironment,
            Path.Combine(folder, "logs", $"{name}.log"));
        children.Add(child);
        await HealthCheck.WaitAsync(listen, health, () => child.HasExited ? child.LastWords(1) : null, cancellation);
    }

    private async Task StartServerAsync(GroupPath group, string listen, string next, CancellationToken cancellation)
    {
        groups.Create(group);
        groups.SetCpu(group, new CpuShare(2), QuotaPeriod);
        var log = Path.Combine(folder, "logs", $"{group.Machine}.log");
        var program = new VmProgram(
            "dotnet",
            [Programs.OfSample(sample.Name, "Application"), "--listen", "{listen}", "--next", "{next}", .. sample.Work],
            new Dictionary<string, string>(),
            Programs.Home,
            listen,
            next,
            "/health");
        var process = Launcher.Start(program, listen, next, groups.EntryFiles(group), null, log);
        await HealthCheck.WaitAsync(
            listen, "/health", () => ProcessTable.StartOf(process) is null ? Launcher.LastWords(log) : null, cancellation);
    }
}
