using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Containers;

/// <summary>Containers that are cloned live by checkpoint and restore.</summary>
internal sealed class ContainerBackEndKind : IBackEndKind
{
    private static readonly IReadOnlyList<(string Tool, string Package)> Tools =
    [
        ("ip", "iproute2"), ("nft", "nftables"), ("nsenter", "util-linux"), ("unshare", "util-linux"), ("setpriv", "util-linux"),
        ("mkfs.btrfs", "btrfs-progs"), ("bash", "bash"),
    ];

    /// <inheritdoc />
    public string Name => "container";

    /// <inheritdoc />
    public string Clones => "live: memory, threads, sessions and caches as they were at the instant of cloning";

    /// <inheritdoc />
    public async Task<string?> ProbeAsync(AgentSettings settings, CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
            return "containers need root; run the agent as root";
        if (settings.Isolation != Isolation.Namespace)
            return "a live clone has the original's addresses, so it must be isolated; set isolation: namespace";
        foreach (var (tool, package) in Tools)
        {
            if (Launcher.FindExecutable(tool) is null)
                return $"{tool} is missing; install the package {package}";
        }

        var known = await File.ReadAllTextAsync("/proc/filesystems", cancellation);
        foreach (var fileSystem in new[] { "overlay", "btrfs" })
        {
            if (!known.Contains($"\t{fileSystem}\n", StringComparison.Ordinal))
                return $"the kernel has no {fileSystem} file system; load its module (modprobe {fileSystem})";
        }

        return await Criu.ProbeAsync();
    }

    /// <inheritdoc />
    public IBackEnd Create(BackEndContext context) => new ContainerBackEnd(context, new ContainerDisks(context.Settings), Criu.Find()!);
}
