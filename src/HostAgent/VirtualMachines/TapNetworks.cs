using System.Globalization;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.VirtualMachines;

/// <summary>
/// Networks of virtual machines: those of containers, with the inner address and MAC moved from the namespace's own device into
/// the guest, by a bridge and a tap device beside it.
/// </summary>
internal sealed class TapNetworks(SandboxNetworks sandboxes)
{
    /// <summary>The tap device in each namespace.</summary>
    public const string FirstTap = "tap0";

    private readonly ContainerNetworks networks = new(sandboxes);

    /// <summary>Makes the network of an on-line virtual machine; returns its number.</summary>
    public async Task<int> CreateOnlineAsync(string listen, string? next)
    {
        var number = await networks.CreateOnlineAsync(listen, next);
        return await WithTapAsync(number, sandboxes.Namespace(number), number);
    }

    /// <summary>Makes the network of a live clone; returns its number.</summary>
    public async Task<int> CreateCloneAsync(int inner, string listen, string? onlineNext, string? outProxy)
    {
        var number = await networks.CreateCloneAsync(inner, listen, onlineNext, outProxy);
        return await WithTapAsync(number, sandboxes.Inner(number), inner);
    }

    /// <summary>Puts this agent's rules in the place of another's, for a network that it has taken over.</summary>
    public Task TakeOverRulesAsync(int number, string othersTable, string listen, string? next) =>
        networks.TakeOverRulesAsync(number, othersTable, listen, next);

    /// <summary>Name of the namespace that QEMU runs in.</summary>
    public string NamespaceOf(int number, bool clone) => clone ? sandboxes.Inner(number) : sandboxes.Namespace(number);

    /// <summary>MAC address of the guest whose inner address has this number.</summary>
    public static string Mac(int inner) => ContainerNetworks.InnerMac(inner);

    /// <summary>The kernel's <c>ip=</c> argument (kernel documentation, admin-guide/nfs/nfsroot.rst), which Debian's and dracut's boot understand too.</summary>
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
