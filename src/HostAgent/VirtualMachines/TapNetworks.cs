using System.Globalization;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.VirtualMachines;

/// <summary>
/// Networks of virtual machines: those of containers, with the inner address and MAC moved from the namespace's own device into
/// the guest, by a bridge and a tap device beside it.
/// </summary>
internal sealed class TapNetworks(SandboxNetworks sandboxes)
{
    private const string TapKey = "tap";

    // While one moves there are two in its namespace.
    private const string FirstTap = "tap0";
    private const string SecondTap = "tap1";

    private readonly ContainerNetworks networks = new(sandboxes);

    /// <summary>Makes the network of an on-line virtual machine; returns its number.</summary>
    public async Task<int> CreateOnlineAsync(Endpoint listen, Endpoint? next)
    {
        var number = await networks.CreateOnlineAsync(listen, next);
        return await WithTapAsync(number, sandboxes.Namespace(number), number);
    }

    /// <summary>Makes the network of a live clone; returns its number.</summary>
    public async Task<int> CreateCloneAsync(int inner, Endpoint listen, Endpoint? onlineNext, Endpoint? outProxy)
    {
        var number = await networks.CreateCloneAsync(inner, listen, onlineNext, outProxy);
        return await WithTapAsync(number, sandboxes.Inner(number), inner);
    }

    /// <summary>Puts this agent's rules in the place of another's, for a network that it has taken over.</summary>
    public Task TakeOverRulesAsync(int number, string othersTable, Endpoint listen, Endpoint? next) =>
        networks.TakeOverRulesAsync(number, othersTable, listen, next);

    /// <summary>Name of the namespace that QEMU runs in.</summary>
    public string NamespaceOf(int number, bool clone) => clone ? sandboxes.Inner(number) : sandboxes.Namespace(number);

    /// <summary>The tap device that one's QEMU has.</summary>
    public static string TapOf(RunningVm vm) => vm.Details.GetValueOrDefault(TapKey, FirstTap);

    /// <summary>Details of one that has the first tap device of a network of its own.</summary>
    public static IReadOnlyDictionary<string, string> WithFirstTap(RunningVm vm) =>
        vm.Details.Where(detail => detail.Key != TapKey).ToDictionary();

    /// <summary>Details of the one that takes the place of another in its network.</summary>
    public static IReadOnlyDictionary<string, string> WithNextTap(RunningVm vm) =>
        new Dictionary<string, string>(vm.Details) { [TapKey] = TapOf(vm) == FirstTap ? SecondTap : FirstTap };

    /// <summary>MAC address of the guest whose inner address has this number.</summary>
    public static string Mac(int inner) => ContainerNetworks.InnerMac(inner);

    /// <summary>
    /// The kernel's <c>ip=</c> argument (kernel documentation, admin-guide/nfs/nfsroot.rst), which Debian's and dracut's boot
    /// understand too.
    /// </summary>
    public static string KernelArgument(int inner, string name) =>
        $"ip={SandboxNetworks.CloneAddress(inner)}::{SandboxNetworks.HostAddress(inner)}:255.255.255.252:{name}:eth0:off";

    /// <summary>Adds another tap device, for another QEMU of the same guest.</summary>
    public static Task AddTapAsync(string inside, string tap) => Tool.RunAsync("ip", $"-netns {inside} -batch -", $"""
        tuntap add {tap} mode tap
        link set {tap} addrgenmode none
        link set {tap} master br0
        link set {tap} up

        """);

    private async Task<int> WithTapAsync(int number, string inside, int inner)
    {
        try
        {
            // The pair's end keeps its name, and no address: the guest has it.
            await Tool.RunAsync("ip", $"-netns {inside} -batch -", $"""
                link set eth0 down
                address flush dev eth0
                link set eth0 address {string.Create(CultureInfo.InvariantCulture, $"02:6a:72:69:{inner:x2}:03")}
                link add br0 type bridge forward_delay 0 mcast_snooping 0
                link set eth0 master br0
                tuntap add {FirstTap} mode tap
                link set {FirstTap} master br0
                link set br0 addrgenmode none
                link set eth0 addrgenmode none
                link set {FirstTap} addrgenmode none
                link set eth0 up
                link set br0 up
                link set {FirstTap} up

                """);
            return number;
        }
        catch
        {
            await sandboxes.DestroyAsync(number);
            throw;
        }
    }
}
