using System.Net;
using System.Net.Http.Json;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Tests.Compliance;

/// <summary>An agent of one back end with machines of its own on this host, and what it may leave behind.</summary>
internal sealed class Agent : IAsyncDisposable
{
    private static int made;
    private readonly IBackEndKind backEnd;
    private readonly IProgress<Phase>? progress;

    public Agent(string backEndName, Func<AgentSettings, AgentSettings> change)
        : this(backEndName, name: null, progress: null, folder: null, change)
    {
    }

    public Agent(
        string backEndName, string? name = null, IProgress<Phase>? progress = null, string? folder = null,
        Func<AgentSettings, AgentSettings>? change = null)
    {
        this.progress = progress;
        backEnd = BackEndRegistry.All.First(candidate => candidate.Name == backEndName);
        name ??= $"c{Environment.ProcessId % 10000}-{Interlocked.Increment(ref made)}";
        Settings = SettingsOf(name, backEndName, folder ?? Path.Combine(Path.GetTempPath(), $"justrunit-{name}"));
        Settings = change?.Invoke(Settings) ?? Settings;
        Groups = ControlGroupDetection.Detect(Settings);
        Networks = new SandboxNetworks(Settings);
        Vms = NewHost(backEnd);
    }

    public AgentSettings Settings { get; }

    public IControlGroups Groups { get; }

    public SandboxNetworks Networks { get; }

    public VmHost Vms { get; private set; }

    /// <summary>The repository's folder.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>Folder below <c>bin</c> that programs were built to with these tests.</summary>
    public static string BuiltTo { get; } = AppContext.BaseDirectory.Contains("/Debug/", StringComparison.Ordinal)
        ? "Debug/net10.0"
        : "Release/net10.0";

    /// <summary>The machines that the tests of all back ends have.</summary>
    public static AgentSettings SettingsOf(string name, string backEnd, string folder) => new(
        "dc",
        name,
        folder,
        1,
        true,
        TimeSpan.FromMilliseconds(10),
        Isolation.Namespace,
        true,
        [
            new MachineSettings("host-1", MachineRole.Production, new CpuShare(1), MemorySize.FromMebibytes(2048)),
            new MachineSettings("host-2", MachineRole.Production, new CpuShare(0.5), MemorySize.FromMebibytes(2048)),
            new MachineSettings("sandbox-1", MachineRole.Sandbox, new CpuShare(1), MemorySize.FromMebibytes(2048)),
        ],
        backEnd);

    /// <summary>A restart: another agent over the same state.</summary>
    public async Task<IReadOnlyList<VmExit>> RestartAsync()
    {
        Vms = NewHost(backEnd);
        return await Vms.RecoverAsync(CancellationToken.None);
    }

    /// <summary>Another agent takes this one's place.</summary>
    public void Replace(VmHost next) => Vms = next;

    /// <summary>The server that every back end has to bear.</summary>
    public StartVm Specimen(string name, double cpu = 0.5, string machine = "host-1", string? next = null, int heapMebibytes = 0)
    {
        if (backEnd.Name == "vm")
            return Start(name, machine, cpu, Guest(next, heapMebibytes));
        return Start(name, machine, cpu, new VmProgram(
            "dotnet",
            [
                Path.Combine(Repository, $"tests/Subjects/Specimen/bin/{BuiltTo}/JustRunIt.Specimen.dll"), "--listen", "{listen}",
                .. heapMebibytes == 0 ? [] : new[] { "--heap-mib", $"{heapMebibytes}" },
            ],
            new Dictionary<string, string> { ["DOTNET_gcServer"] = "0" },
            "/tmp",
            $"127.0.0.1:{FreePort.Find()}",
            next,
            "/health"));
    }

    /// <summary>The specimen's like for virtual machines, which infra/local/guest.sh builds.</summary>
    private static VmProgram Guest(string? next, int heapMebibytes)
    {
        var folder = Path.Combine(Repository, ".justrunit", "guest");
        if (!File.Exists(Path.Combine(folder, "kernel")))
            throw new FileNotFoundException($"{folder} has no guest; './justrunit test' builds it");
        return new VmProgram(
            Path.Combine(folder, "kernel"),
            [$"initrd={Path.Combine(folder, "initrd")}", "console=ttyS0", "quiet"],
            new Dictionary<string, string> { ["LISTEN"] = "{listen}", ["HEAP_MIB"] = $"{heapMebibytes}" },
            "/",
            $"127.0.0.1:{FreePort.Find()}",
            next,
            "/health");
    }

    public StartVm Start(string name, string machine, double cpu, VmProgram program) =>
        new(Guid.NewGuid(), Settings.Agent, machine, name, "shop", "application", false, program,
            Allocation.Of(new CpuShare(cpu), MemorySize.FromMebibytes(768)));

    public Task<RunningVm> RunAsync(StartVm start) => Vms.StartAsync(start, CancellationToken.None);

    public CloneVm CloneOf(string vm, string name, string? next = null, string machine = "sandbox-1") => new(
        "matrix-1", Guid.NewGuid(), Settings.Agent, vm, name, machine, next, DateTimeOffset.UtcNow.AddMinutes(5));

    public Task<CloneResult> CloneAsync(string vm, string name, string? next = null) =>
        Vms.CloneAsync(CloneOf(vm, name, next), CancellationToken.None);

    /// <summary>
    /// Everything of this agent's on the host, besides its log and state files and <paramref name="besides"/>: nothing once all
    /// has ended.
    /// </summary>
    public async Task<IReadOnlyList<string>> LeftAsync(RunningVm? besides = null)
    {
        var left = new List<string>();
        foreach (var machine in Settings.Machines)
        {
            left.AddRange(Groups.Children(GroupPath.Of(machine.Name))
                .Where(group => group != besides?.Name)
                .Select(group => $"control group {machine.Name}/{group}"));
        }

        left.AddRange((await Networks.ListAsync()).Where(number => number != besides?.Network).Select(number => $"network {number}"));
        // What is in the pool belongs to what runs; the pool itself stays as long as anything does.
        var pool = besides is null ? "" : Path.Combine(Settings.StateFolder, "containers", "pool");
        left.AddRange(File.ReadLines("/proc/mounts")
            .Where(line => line.Contains(
                Settings.StateFolder, StringComparison.Ordinal) && (pool.Length == 0 || line.Split(' ')[1] != pool))
            .Select(line => $"mount {line}"));
        var containers = Path.Combine(Settings.StateFolder, "containers");
        if (Directory.Exists(containers))
        {
            left.AddRange(Directory.GetDirectories(containers)
                .SelectMany(folder => Directory.GetFileSystemEntries(folder))
                .Where(entry => besides is null || Path.GetFileName(entry) != besides.Name));
        }

        if (besides is null && Directory.Exists(containers))
            left.AddRange(Directory.GetFiles(containers));
        var machines = Path.Combine(Settings.StateFolder, "machines");
        if (Directory.Exists(machines))
            left.AddRange(Directory.GetFiles(machines).Where(file => Path.GetFileName(file).Split('.')[0] != besides?.Name));
        left.AddRange(new[] { "moves", "arrivals" }
            .Select(folder => Path.Combine(Settings.StateFolder, folder))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.GetFiles(folder)));
        var known = new[] { $"/proc/{Environment.ProcessId}", $"/proc/{besides?.ProcessId}" };
        left.AddRange(Directory.GetDirectories("/proc")
            .Where(process => !known.Contains(process) && CommandOf(process).Contains(Settings.StateFolder, StringComparison.Ordinal))
            .Select(process => $"process {process}: {CommandOf(process)}"));
        return left;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var vm in Vms.List())
            await Vms.StopAsync(vm.Name, CancellationToken.None);
        foreach (var machine in Settings.Machines)
            Groups.Remove(GroupPath.Of(machine.Name));
        Groups.Remove(GroupPath.Root);
        // What a failed test leaves must not hide why it failed.
        var points = File.ReadLines("/proc/mounts")
            .Select(line => line.Split(' ')[1])
            .Where(point => point.StartsWith(Settings.StateFolder + "/", StringComparison.Ordinal));
        foreach (var point in points.Reverse())
            await Tool.TryAsync("umount", $"--lazy {point}");
        if (Directory.Exists(Settings.StateFolder))
            Directory.Delete(Settings.StateFolder, recursive: true);
    }

    private static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "JustRunIt.Events.sln")))
            folder = folder.Parent;
        return folder.FullName;
    }

    private static string CommandOf(string process)
    {
        try
        {
            return File.ReadAllText($"{process}/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>Another agent over the same state, with a back end of another kind.</summary>
    public VmHost NewHost(IBackEndKind kind) =>
        new(kind, new HostParts(Settings, Groups, new StateFile(Settings), Networks, TimeProvider.System, progress));
}

/// <summary>Asks a specimen.</summary>
internal sealed class Asking(string endpoint, string? cookie = null) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false })
    {
        BaseAddress = new Uri($"http://{endpoint}"),
        Timeout = TimeSpan.FromMinutes(2),
    };

    private string? cookie = cookie;

    /// <summary>The same client before another server.</summary>
    public Asking WithSameCookies(string other) => new(other, cookie);

    public async Task<string> GetAsync(string path)
    {
        using var reply = await SendAsync(HttpMethod.Get, path, null);
        reply.EnsureSuccessStatusCode();
        return await reply.Content.ReadAsStringAsync();
    }

    public async Task<string> PostAsync(string path)
    {
        using var reply = await SendAsync(HttpMethod.Post, path, null);
        reply.EnsureSuccessStatusCode();
        return await reply.Content.ReadAsStringAsync();
    }

    /// <summary>Sends a form that is answered by a redirection.</summary>
    public async Task PostFormAsync(string path, params (string Name, string Value)[] fields)
    {
        using var form = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        using var reply = await SendAsync(HttpMethod.Post, path, form);
        Assert.Equal(HttpStatusCode.SeeOther, reply.StatusCode);
    }

    public async Task<int> CountAsync() => int.Parse(await GetAsync("/count"), System.Globalization.CultureInfo.InvariantCulture);

    public Task<Identity?> IdentityAsync() => http.GetFromJsonAsync<Identity>("/identity");

    public void Dispose() => http.Dispose();

    /// <summary>Keeps one cookie, as a browser does.</summary>
    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (cookie is not null)
            request.Headers.Add("Cookie", cookie);
        var reply = await http.SendAsync(request);
        if (reply.Headers.TryGetValues("Set-Cookie", out var set))
            cookie = set.First().Split(';')[0];
        return reply;
    }

    internal sealed record Identity(
        string Host, string Listen, IReadOnlyList<string> Addresses, IReadOnlyList<string> Macs, int ProcessId, DateTime Now);
}
