using System.Net;
using System.Net.Sockets;
using JustRunIt.Hosting;

namespace JustRunIt.ProxyNode.Sandboxes;

/// <summary>
/// Who may be answered from a record, which holds what the next tier told the on-line server: the clone alone. By its address: the
/// host agents' sandboxes have a network of their own, which only the host they are on can reach. From an address of this machine, where
/// every local user could come from, by the user that the process runs as.
/// </summary>
internal sealed class SandboxClients
{
    /// <summary>What is allowed, for complaints.</summary>
    public const string Allowed =
        "addresses and networks of clones, such as 10.0.0.7 or 10.213.0.0/16 (of 16 bits or more; IPv6: 48), and user:NAME for processes "
        + "of this machine";

    private const string UserPrefix = "user:";
    private const int ShortestPrefix = 16;
    private const int ShortestPrefixOfIPv6 = 48;
    private const uint Root = 0;

    private readonly IReadOnlyList<IPNetwork> networks;
    private readonly HashSet<uint> users;

    private SandboxClients(IReadOnlyList<IPNetwork> networks, IEnumerable<uint> users)
    {
        this.networks = networks;
        this.users = [Root, LocalPeers.OwnUser, .. users];
    }

    /// <summary>The sandboxes of this host's agents, and, on the loopback address, this process' own user and root.</summary>
    public static SandboxClients OfThisHost { get; } = new(
        [IPNetwork.Parse("10.213.0.0/16"), IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")], []);

    /// <summary>Reads them.</summary>
    /// <param name="words">Addresses, networks and users.</param>
    /// <param name="wrong">The first word that is none.</param>
    /// <returns>Null when one is none.</returns>
    public static SandboxClients? Parse(IEnumerable<string> words, out string? wrong)
    {
        var (networks, users) = (new List<IPNetwork>(), new List<uint>());
        foreach (var word in words)
        {
            wrong = word;
            if (word.StartsWith(UserPrefix, StringComparison.Ordinal))
            {
                if (LocalPeers.UserOf(word[UserPrefix.Length..]) is not { } user)
                    return null;
                users.Add(user);
            }
            else if (NetworkOf(word) is { } network)
            {
                networks.Add(network);
            }
            else
            {
                return null;
            }
        }

        wrong = null;
        // A user alone is one on the loopback address.
        return new SandboxClients(networks.Count > 0 ? networks : OfThisHost.networks, users);
    }

    /// <summary>Whether an address may be listened on without a word about who may come.</summary>
    public static bool IsClosed(IPEndPoint listen) => IPAddress.IsLoopback(listen.Address.Unmapped());

    /// <summary>Whether a connection is a clone's.</summary>
    public bool Includes(Socket connection)
    {
        if (connection.RemoteEndPoint is not IPEndPoint remote || connection.LocalEndPoint is not IPEndPoint local)
            return false;
        var (from, to) = (remote.Address.Unmapped(), local.Address.Unmapped());
        if (!networks.Any(network => network.Contains(from)))
            return false;
        // A clone has a network of its own. What comes from an address of this machine's may be of every local user, who binds a socket to
        // whichever of them he likes, also to those that the machine has in the networks of the sandboxes.
        var isOwn = from.Equals(to) || LocalPeers.IsOwn(from);
        return !isOwn || (LocalPeers.UserOf(remote, local) is { } user && users.Contains(user));
    }

    private static IPNetwork? NetworkOf(string word)
    {
        if (IPAddress.TryParse(word, out var address) && address.ToString() == word)
        {
            return address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
                ? null
                : new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
        }

        if (!IPNetwork.TryParse(word, out var network))
            return null;
        var shortest = network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? ShortestPrefix : ShortestPrefixOfIPv6;
        return network.PrefixLength >= shortest || word == "127.0.0.0/8" ? network : null;
    }
}
