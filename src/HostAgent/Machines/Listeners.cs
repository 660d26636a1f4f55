using System.Globalization;
using System.Net;
using System.Net.Sockets;
using JustRunIt.HostAgent.Networks;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Machines;

/// <summary>Who listens at an address of the host (proc_net_tcp, kernel documentation; proc(5), /proc/PID/fd).</summary>
internal static class Listeners
{
    private const string Listening = "0A";
    // 224.0.0.0 and above are multicast, reserved and broadcast (RFC 5771, RFC 1112).
    private const byte FirstMulticast = 224;

    private const string Allowed = "allowed is one address of this host's own and a port, such as 127.0.0.1:8080";
    private static readonly string[] Tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];

    /// <summary>Whether what listens at one address gets what is for the other. A name may be any address.</summary>
    public static bool Overlap(Endpoint one, Endpoint other)
    {
        if (one.UnixPath is not null || other.UnixPath is not null)
            return one == other;
        return one.Port == other.Port && (one.IsOpen || other.IsOpen || Ip(one) is not { } a || Ip(other) is not { } b || a.Equals(b));
    }

    /// <summary>
    /// Why a new server cannot be reached at an address; null when it can. It is one of this host's own, of which there is no all: what
    /// listens at every address is told to nobody as one, and takes what is for others.
    /// </summary>
    /// <param name="listen">The address, or a name that has one.</param>
    /// <param name="isForwarded">
    /// Whether the server has a network of its own, to which the host forwards what is for the address. That may be routed here and be
    /// no interface's, or not yet, such as one that a standby takes over.
    /// </param>
    public static async Task<string?> ProblemAsync(Endpoint listen, bool isForwarded = false) =>
        Problem(listen, await AddressesOfAsync(listen), isForwarded);

    /// <summary>The same for a name that has these addresses: one that is not this host's is another host's of that name.</summary>
    public static string? Problem(Endpoint listen, IReadOnlyList<IPAddress> addresses, bool isForwarded)
    {
        if (addresses.Count == 0)
            return $"listen: '{listen}': no address is known under that name; {Allowed}";
        if (addresses.Select(address => WhyOpen(listen, address) ?? WhyNobodys(listen, address)).FirstOrDefault(why => why is not null)
            is { } problem)
            return problem;
        var ours = addresses.Where(address => isForwarded || IsOurs(address)).ToList();
        return ours.Count == 0
            ? $"listen: '{listen}' is no address of this host; {Allowed}"
            : ours.Select(address => WhyNotFree(listen, address)).FirstOrDefault(why => why is not null);
    }

    /// <summary>
    /// Why what runs already cannot go on at an address; null when it can. It was taken in by the rules of its time, which may have let it
    /// have every address, and where its host forwards from is no matter of an interface.
    /// </summary>
    public static string? ProblemOfRunning(Endpoint listen) => Ip(listen) is { } address ? WhyNobodys(listen, address) : null;

    private static async Task<IReadOnlyList<IPAddress>> AddressesOfAsync(Endpoint listen)
    {
        try
        {
            return Ip(listen) is { } address ? [address] : await Dns.GetHostAddressesAsync(listen.Host);
        }
        catch (SocketException)
        {
            return [];
        }
    }

    private static string? WhyOpen(Endpoint listen, IPAddress address) =>
        address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
            ? $"listen: '{listen}' is every address of this host; {Allowed}"
            : null;

    private static string? WhyNobodys(Endpoint listen, IPAddress address)
    {
        if (SandboxNetworks.Has(address))
            return $"listen: '{listen}' is an address of the sandboxes' network; {Allowed}";
        // The kernel lets a socket be bound to those, too.
        return address.IsIPv6Multicast
            || (address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes()[0] >= FirstMulticast)
            ? $"listen: '{listen}' is no address of a host; {Allowed}"
            : null;
    }

    private static bool IsOurs(IPAddress address)
    {
        try
        {
            using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported)
        {
            return false;
        }
        catch (SocketException)
        {
            // No descriptor, for example: what is wrong is not the address.
            return true;
        }
    }

    private static string? WhyNotFree(Endpoint listen, IPAddress address)
    {
        try
        {
            // An address that another socket listens at is refused, and what is left of closed connections is not.
            using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(address, listen.Port));
            return null;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return $"listen: '{listen}' is in use by another process of this host; allowed is an address that is free";
        }
        catch (SocketException)
        {
            // For a reason that the server will tell.
            return null;
        }
    }

    /// <summary>Whether something listens at an address of the host, or for it, that is none of these processes.</summary>
    public static bool IsAnothers(Endpoint listen, IEnumerable<int> processes)
    {
        var there = Tables.SelectMany(Read).Where(entry => Overlap(entry.At, listen)).Select(entry => entry.Inode).ToHashSet();
        there.ExceptWith(processes.SelectMany(Sockets));
        return there.Count > 0;
    }

    private static IPAddress? Ip(Endpoint endpoint) =>
        endpoint.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
            : endpoint.Ip?.Address.Unmapped();

    private static IEnumerable<(Endpoint At, string Inode)> Read(string table)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(table);
        }
        catch (IOException)
        {
            // No IPv6 here.
            yield break;
        }

        foreach (var line in lines.Skip(1))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var local, _, Listening, _, _, _, _, _, var inode, ..])
                yield return (At(local), inode);
        }
    }

    /// <summary>Words of four bytes in the order of the machine, and the port.</summary>
    private static Endpoint At(string local)
    {
        var colon = local.IndexOf(':', StringComparison.Ordinal);
        var bytes = Convert.FromHexString(local[..colon]);
        for (var word = 0; BitConverter.IsLittleEndian && word < bytes.Length; word += 4)
            Array.Reverse(bytes, word, 4);
        var port = int.Parse(local[(colon + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return Endpoint.Of(new IPEndPoint(new IPAddress(bytes), port));
    }

    private static IEnumerable<string> Sockets(int process)
    {
        const string prefix = "socket:[";
        string[] files;
        try
        {
            files = Directory.GetFiles($"/proc/{process}/fd");
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            // It has ended.
            yield break;
        }

        foreach (var file in files)
        {
            if (Target(file) is { } target && target.StartsWith(prefix, StringComparison.Ordinal))
                yield return target[prefix.Length..^1];
        }
    }

    private static string? Target(string file)
    {
        try
        {
            return new FileInfo(file).LinkTarget;
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            return null;
        }
    }
}
