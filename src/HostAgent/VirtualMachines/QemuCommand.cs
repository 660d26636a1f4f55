using System.Globalization;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.VirtualMachines;

/// <summary>
/// The command line of one QEMU (qemu-system manual). Original and clone have the same machine, or the copy would not fit.
/// </summary>
/// <param name="Name">The virtual machine's name.</param>
/// <param name="Accelerator">What runs its instructions.</param>
/// <param name="VirtualCpus">How many processors it sees.</param>
/// <param name="Memory">Memory that it boots with.</param>
/// <param name="Guest">What it boots.</param>
/// <param name="Address">The kernel's <c>ip=</c> argument; null to leave addresses to the guest.</param>
/// <param name="Mac">Its network device's address.</param>
/// <param name="Tap">The tap device that carries its frames.</param>
/// <param name="Disk">The overlay that takes its writes; null without a disk.</param>
/// <param name="DiskNode">Name of the overlay's block node.</param>
/// <param name="Socket">Path of the socket for QMP.</param>
/// <param name="Incoming">True to wait for another QEMU's state instead of booting.</param>
/// <param name="Paused">True to stand still until told to run.</param>
internal sealed record QemuCommand(
    string Name,
    Accelerator Accelerator,
    int VirtualCpus,
    MemorySize Memory,
    Guest Guest,
    string? Address,
    string Mac,
    string Tap,
    string? Disk,
    string DiskNode,
    string Socket,
    bool Incoming,
    bool Paused)
{
    private const string Variable = "JUSTRUNIT_QEMU";

    /// <summary>The program: the one that the environment names, else the one on the path.</summary>
    public static string Program { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named
        ? named
        : "qemu-system-x86_64";

    /// <summary>Cache of translated code, MiB; by default it may take a quarter of the memory.</summary>
    private const int TranslationCacheMebibytes = 64;

    private const int OwnMebibytes = 192;

    /// <summary>QEMU reads lines of 1023 characters; the rest is for the name, quotes and addresses.</summary>
    private const int LongestLine = 940;

    /// <summary>Limit of QEMU's memory: its guest's, and some beside.</summary>
    public static MemorySize MemoryOf(MemorySize guest) =>
        new(guest.Bytes + MemorySize.FromMebibytes(TranslationCacheMebibytes + OwnMebibytes).Bytes);

    /// <summary>The arguments.</summary>
    public IReadOnlyList<string> Arguments =>
    [
        "-name", Name,
        "-accel", Accelerator.IsHardware ? "kvm" : string.Create(CultureInfo.InvariantCulture, $"tcg,tb-size={TranslationCacheMebibytes}"),
        "-machine", "pc",
        .. Accelerator.Cpu,
        "-smp", VirtualCpus.ToString(CultureInfo.InvariantCulture),
        "-m", string.Create(CultureInfo.InvariantCulture, $"{Memory.Bytes / 1024}k"),
        "-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio",
        "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
        "-netdev", $"tap,id=net0,ifname={Tap},script=no,downscript=no",
        "-device", $"virtio-net-pci,netdev=net0,mac={Mac},romfile=",
        "-device", "virtio-balloon-pci,id=balloon0",
        .. Disk is null ? Array.Empty<string>() :
        [
            "-blockdev", $"driver=qcow2,node-name={DiskNode},discard=unmap,file.driver=file,file.filename={Escaped(Disk)}",
            "-device", $"virtio-blk-pci,drive={DiskNode},id=disk",
        ],
        .. Guest.Kernel is null ? Array.Empty<string>() :
        [
            "-kernel", Guest.Kernel,
            .. Guest.InitialRamDisk is null ? Array.Empty<string>() : ["-initrd", Guest.InitialRamDisk],
            .. Configuration is null ? ["-append", CommandLine] : new[] { "-readconfig", Launcher.InputFile },
        ],
        "-qmp", $"unix:{Socket},server=on,wait=off",
        .. Incoming ? new[] { "-incoming", "defer" } : [],
        .. Paused ? new[] { "-S" } : [],
    ];

    /// <summary>
    /// What is told in a file in place of an argument, because everybody can read those (proc(5), cmdline); null for nothing.
    /// </summary>
    /// <exception cref="HostException">It is longer than a line of such a file can be.</exception>
    public string? Configuration
    {
        get
        {
            if (Guest.Kernel is null || !Guest.HasEnvironment)
                return null;
            if (CommandLine.Length > LongestLine || CommandLine.Contains('"', StringComparison.Ordinal))
            {
                throw new HostException(
                    $"arguments and environment: a kernel's command line of {CommandLine.Length} characters; allowed are {LongestLine} "
                    + "without double quotes, where there is an environment");
            }

            return $"[machine]\n  append = \"{CommandLine}\"\n";
        }
    }

    private string CommandLine => string.Join(' ', new[] { Guest.CommandLine, Address }.OfType<string>());

    /// <summary>A comma in a value is written twice.</summary>
    private static string Escaped(string value) => value.Replace(",", ",,", StringComparison.Ordinal);
}
