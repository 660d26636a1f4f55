using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.ProxyNode.Installing;

/// <summary>
/// A proxy installed around an address that clients already use (§2.2.1, "installed dynamically"): new connections are
/// redirected to it, those that are open are left alone. When the proxy dies, connections go past it half a second later.
/// </summary>
internal sealed class Redirection : IAsyncDisposable
{
    /// <summary>Upper byte of the marks; the rest is chosen at random, so that proxies do not exempt each other's connections.</summary>
    private const int MarkSpace = 0x4a000000;

    private readonly IPEndPoint address;
    private readonly Action<string> say;
    private RedirectionRules? rules;
    private Heartbeat? heartbeat;
    private bool isLost;

    private Redirection(IPEndPoint address, int mark, Action<string> say)
    {
        this.address = address;
        this.say = say;
        Mark = mark;
    }

    /// <summary>Of the proxy's own connections.</summary>
    public int Mark { get; }

    /// <summary>Prepares a redirection; nothing is redirected before <see cref="InstallAsync"/>.</summary>
    /// <param name="address">Which is to be redirected.</param>
    /// <param name="say">Told, in one line, what the operator must know.</param>
    /// <exception cref="ConfigurationException">The rules may not be changed here, or another proxy stands there.</exception>
    public static async Task<Redirection> PrepareAsync(IPEndPoint address, Action<string> say)
    {
        try
        {
            foreach (var (family, name) in await Nft.TablesAsync(RedirectionRules.NamesOf(address)).ConfigureAwait(false))
            {
                if (await Nft.HasElementAsync(family, name, RedirectionRules.Alive).ConfigureAwait(false))
                    throw Wrong(address, "a running proxy is installed there; allowed is an address without one");
            }
        }
        catch (ToolException e)
        {
            throw Wrong(address, e.Message);
        }

        return new Redirection(address, MarkSpace | RandomNumberGenerator.GetInt32(1 << 24), say);
    }

    /// <summary>The server behind a proxy, past this redirection.</summary>
    public EndPoint ConnectTo(EndPoint server) => server is IPEndPoint known ? new MarkedEndPoint(known, Mark) : server;

    /// <summary>New connections go to the proxy from now on; rules that dead proxies have left are taken away.</summary>
    /// <param name="proxy">Where it listens.</param>
    /// <exception cref="ConfigurationException">The rules may not be changed here.</exception>
    public async Task InstallAsync(IPEndPoint proxy)
    {
        if (proxy.Equals(address))
            throw Wrong(address, "the proxy itself listens there; allowed is an address of a server");
        rules = new RedirectionRules(address, proxy, Mark);
        try
        {
            await Nft.ApplyAsync(rules.Install()).ConfigureAwait(false);
            heartbeat = new Heartbeat(new MarkedEndPoint(address, Mark), Reinstall);
            // Only now that our own rules hold the hooks: a proxy that is still draining translates through them.
            foreach (var (family, name) in await Nft.TablesAsync(RedirectionRules.Prefix).ConfigureAwait(false))
            {
                if (!await Nft.HasElementAsync(family, name, RedirectionRules.Alive).ConfigureAwait(false))
                    await RemoveOrphanAsync(family, name).ConfigureAwait(false);
            }
        }
        catch (ToolException e)
        {
            throw Wrong(address, e.Message);
        }
        catch (SocketException e)
        {
            await TryAsync(rules.Remove()).ConfigureAwait(false);
            throw Wrong(address, $"connections cannot be marked ({e.Message}); run as root, or with the capability CAP_NET_ADMIN");
        }
    }

    /// <summary>New connections go to the server from now on; those that were redirected go on until <see cref="DisposeAsync"/>.</summary>
    public async Task BypassAsync()
    {
        if (heartbeat is null)
            return;
        // The heart goes on until the rules are gone: else a stop between would count as lost rules.
        await TryAsync(rules!.Bypass()).ConfigureAwait(false);
        heartbeat.Dispose();
        heartbeat = null;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await BypassAsync().ConfigureAwait(false);
        if (rules is not null)
            await TryAsync(rules.Remove()).ConfigureAwait(false);
        rules = null;
    }

    private static async Task RemoveOrphanAsync(string family, string name)
    {
        try
        {
            await Nft.ApplyAsync($"delete table {family} {name}\n").ConfigureAwait(false);
        }
        catch (ToolException e) when (e.Message.Contains("No such file", StringComparison.Ordinal))
        {
            // Another start was faster.
        }
    }

    /// <summary>Somebody has taken the rules away, such as a reload of the machine's own.</summary>
    private void Reinstall()
    {
        try
        {
            Nft.ApplyAsync(rules!.Install()).GetAwaiter().GetResult();
            say($"the redirection of {address} was removed by somebody else, and is in force again");
            isLost = false;
        }
        catch (ToolException e)
        {
            if (!isLost)
                say($"the redirection of {address} is gone and cannot be put in force: {e.Message}");
            isLost = true;
        }
    }

    private async Task TryAsync(string script)
    {
        try
        {
            await Nft.ApplyAsync(script).ConfigureAwait(false);
        }
        catch (ToolException e)
        {
            // What is left is out of force half a second after the last heartbeat, and removed by the next start.
            say($"the redirection of {address} could not be taken away orderly: {e.Message}");
        }
    }

    private static ConfigurationException Wrong(IPEndPoint address, string reason) => new($"install: '{address}': {reason}");
}
