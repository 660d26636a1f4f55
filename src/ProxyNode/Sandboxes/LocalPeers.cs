using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using JustRunIt.Hosting;

namespace JustRunIt.ProxyNode.Sandboxes;

/// <summary>Whose the other end of a connection within this machine is (proc(5), net/tcp).</summary>
internal static class LocalPeers
{
    private const string Established = "01";
    private const string ClosedByPeer = "08";
    private const int AddressField = 1;
    private const int PeerField = 2;
    private const int StateField = 3;
    private const int UserField = 7;

    /// <summary>The user that this process acts as.</summary>
    public static uint OwnUser { get; } = ReadOwnUser();

    /// <summary>The number of a user by name or number; null when there is none.</summary>
    public static uint? UserOf(string name)
    {
        if (uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return number;
        try
        {
            return File.ReadLines("/etc/passwd").Select(line => line.Split(':'))
                .Where(fields => fields.Length > 2 && fields[0] == name && name.Length > 0)
                .Select(fields => uint.TryParse(fields[2], CultureInfo.InvariantCulture, out var found) ? found : (uint?)null)
                .FirstOrDefault();
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Whether an address is one of this machine's own network, to which every local user may bind a socket.</summary>
    public static bool IsOwn(IPAddress address)
    {
        if (IPAddress.IsLoopback(address))
            return true;
        // The kernel's own answer, and the quick one. It may be set to let anybody bind to any address (ip_nonlocal_bind).
        return CanBind(address)
            && IPGlobalProperties.GetIPGlobalProperties().GetUnicastAddresses().Any(own => own.Address.Equals(address));
    }

    /// <summary>The user of the process at the other end; null when it is not of this machine's own network, or has gone.</summary>
    /// <param name="peer">Its end.</param>
    /// <param name="own">Ours.</param>
    public static uint? UserOf(IPEndPoint peer, IPEndPoint own)
    {
        foreach (var (file, isIPv6) in new[] { ("/proc/self/net/tcp", false), ("/proc/self/net/tcp6", true) })
        {
            if (Text(peer, isIPv6) is not { } its || Text(own, isIPv6) is not { } ours)
                continue;
            try
            {
                foreach (var line in File.ReadLines(file))
                {
                    if (!line.Contains(its, StringComparison.Ordinal) || !line.Contains(ours, StringComparison.Ordinal))
                        continue;
                    var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                    // One that is over has no user any more, and reads as root's.
                    if (fields.Length > UserField && fields[AddressField] == its && fields[PeerField] == ours
                        && fields[StateField] is Established or ClosedByPeer)
                        return uint.Parse(fields[UserField], CultureInfo.InvariantCulture);
                }
            }
            catch (IOException)
            {
                // A kernel without it.
            }
        }

        return null;
    }

    /// <summary>An end as the kernel writes it: each 32 bits of the address as a number of this machine, then the port.</summary>
    private static string? Text(IPEndPoint end, bool isIPv6)
    {
        var address = end.Address;
        if (!isIPv6 && address.AddressFamily == AddressFamily.InterNetworkV6 && !address.IsIPv4MappedToIPv6)
            return null;
        var bytes = (isIPv6 ? address.MapToIPv6() : address.Unmapped()).GetAddressBytes();
        var text = new StringBuilder(bytes.Length * 2 + 5);
        for (var at = 0; at < bytes.Length; at += 4)
        {
            var word = BitConverter.IsLittleEndian
                ? BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at))
                : BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));
            text.Append(word.ToString("X8", CultureInfo.InvariantCulture));
        }

        return text.Append(':').Append(end.Port.ToString("X4", CultureInfo.InvariantCulture)).ToString();
    }

    private static bool CanBind(IPAddress address)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            return false;
        }
    }

    private static uint ReadOwnUser()
    {
        const string field = "Uid:";
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal));
        // Real, effective, saved, of the file system.
        return line?.Split('\t') is [_, _, var effective, ..] ? uint.Parse(effective, CultureInfo.InvariantCulture) : uint.MaxValue;
    }
}
