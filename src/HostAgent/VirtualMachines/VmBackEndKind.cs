using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.VirtualMachines;

/// <summary>Virtual machines of QEMU, with KVM where a guest boots with it, else emulated.</summary>
internal sealed class VmBackEndKind : IBackEndKind
{
    /// <summary>Its name in the agent's file.</summary>
    public const string BackEndName = "vm";

    private static readonly (string Tool, string Package)[] Tools =
    [
        (QemuCommand.Program, "qemu-system-x86"), ("qemu-img", "qemu-utils"), ("ip", "iproute2"), ("nft", "nftables"),
    ];

    private const string Copied = "migration to a second QEMU at whose end both run";
    private const string Emulated = "EMULATED (TCG, several times slower than KVM)";

    private Accelerator? accelerator;

    /// <inheritdoc />
    public string Name => BackEndName;

    /// <inheritdoc />
    public string Clones => accelerator switch
    {
        null => $"live, by pre-copy {Copied}",
        { IsHardware: true } => $"live, by pre-copy {Copied}, with KVM",
        { NoticesWrites: true } => $"live, by pre-copy {Copied}, {Emulated}: {accelerator.Why}",
        _ => $"live, by {Copied}, {Emulated}: {accelerator.Why}; STANDING STILL while memory is copied: "
            + $"QEMU is older than {Accelerator.FirstToNotice}.0 (JUSTRUNIT_QEMU names another)",
    };

    /// <inheritdoc />
    public async Task<string?> ProbeAsync(AgentSettings settings, CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
            return "virtual machines need root for their networks; run the agent as root";
        if (settings.Isolation != Isolation.Namespace)
            return "a live clone has the original's addresses, so it must be isolated; set isolation: namespace";
        foreach (var (tool, package) in Tools)
        {
            if (Launcher.FindExecutable(tool) is null)
                return $"{tool} is missing; install the package {package}";
        }

        if (!File.Exists("/dev/net/tun"))
            return "there is no /dev/net/tun; load the module tun (modprobe tun)";
        try
        {
            accelerator ??= await Accelerator.ProbeAsync(cancellation);
            return accelerator.IsHardware ? null : await Accelerator.BootsAsync(accelerator.Name, cancellation);
        }
        catch (Exception e) when (e is HostException || HostException.IsOfTheSystem(e))
        {
            return $"{QemuCommand.Program} cannot be tried: {HostException.OneLine(e)}";
        }
    }

    /// <inheritdoc />
    public IBackEnd Create(BackEndContext context) =>
        new VmBackEnd(context, accelerator ??= Accelerator.ProbeAsync(CancellationToken.None).GetAwaiter().GetResult());
}
