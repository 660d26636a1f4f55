using System.Globalization;
using System.Net;
using JustRunIt.Hosting;

namespace JustRunIt.ProxyNode.Installing;

/// <summary>
/// The connections of a server on this machine, as the kernel lists them (<c>/proc/net/tcp</c>, proc(5)): those that were open before a
/// proxy was installed go past it until their clients open them anew.
/// </summary>
internal static class OpenConnections
{
    private const string Established = "01";
    private const int LocalField = 1;
    private const int RemoteField = 2;
    private const int StateField = 3;
    private const int InodeField = 9;

    /// <summary>
    /// The other ends of the established connections to an address of this machine that this process has not opened; null where nobody on
    /// this machine has any: the server is elsewhere, or its connections cannot be listed.
    /// </summary>
    public static IReadOnlyCollection<IPEndPoint>? PastUs(IPEndPoint address)
    {
        try
        {
            var own = OwnSockets();
            var (server, ours) = (new HashSet<IPEndPoint>(), new HashSet<IPEndPoint>());
            foreach (var file in new[] { "/proc/net/tcp", "/proc/net/tcp6" }.Where(File.Exists))
            {
                foreach (var line in File.ReadLines(file).Skip(1))
                {
                    var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                    if (fields.Length <= InodeField || fields[StateField] != Established)
                        continue;
                    if (Read(fields[LocalField]).Equals(address))
                        server.Add(Read(fields[RemoteField]));
                    else if (own.Contains(fields[InodeField]) && Read(fields[RemoteField]).Equals(address))
                        ours.Add(Read(fields[LocalField]));
                }
            }

            if (server.Count == 0)
                return null;
            server.ExceptWith(ours);
            return server;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return null;
        }
    }

    private static HashSet<string> OwnSockets() =>
    [
        .. Directory.EnumerateFileSystemEntries("/proc/self/fd")
            .Select(entry => new FileInfo(entry).LinkTarget)
            .OfType<string>()
            .Where(target => target.StartsWith("socket:[", StringComparison.Ordinal))
            .Select(target => target["socket:[".Length..^1]),
    ];

    /// <summary>An address in hexadecimal: words of four bytes in the machine's order, and the port.</summary>
    private static IPEndPoint Read(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var bytes = Convert.FromHexString(text.AsSpan(0, colon));
        if (BitConverter.IsLittleEndian)
        {
            for (var word = 0; word < bytes.Length; word += sizeof(int))
                bytes.AsSpan(word, sizeof(int)).Reverse();
        }

        return new IPEndPoint(
            new IPAddress(bytes).Unmapped(),
            int.Parse(text.AsSpan(colon + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }
}

/// <summary>How much of a server's traffic goes through a proxy that is installed around its address.</summary>
/// <param name="Through">Client connections that are open through the proxy.</param>
/// <param name="Past">Those that go past it, as they were open before; null where the server is not on this machine.</param>
/// <param name="Ended">Those of them that were ended while nothing passed on them; null where that was not asked for.</param>
internal sealed record InstalledFigures(int Through, int? Past, int? Ended);
