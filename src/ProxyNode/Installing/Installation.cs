using System.Net;
using System.Net.Sockets;
using JustRunIt.ProxyNode.Relaying;

namespace JustRunIt.ProxyNode.Installing;

/// <summary>What installs a proxy's listener around an existing address, and removes it while traffic flows.</summary>
/// <param name="redirection">Of the address.</param>
/// <param name="listener">Where the redirected connections arrive.</param>
/// <param name="clock">For the drain.</param>
internal sealed class Installation(Redirection redirection, Listener listener, TimeProvider clock) : IAsyncDisposable
{
    /// <summary>
    /// Longest that a connection waits between the kernel's decision to redirect it and its acceptance; afterwards nothing more
    /// comes in.
    /// </summary>
    private static readonly TimeSpan OnTheWay = TimeSpan.FromMilliseconds(250);

    /// <summary>How long replies that are under way may take when the time to drain is over.</summary>
    private static readonly TimeSpan LastReplies = TimeSpan.FromSeconds(5);

    /// <summary>What address a proxy can be installed around, for complaints.</summary>
    public const string Allowed = "IP:PORT of one address, such as 10.0.0.5:8080";

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <summary>Redirects an address to a listener.</summary>
    /// <exception cref="JustRunIt.Hosting.Configuration.ConfigurationException">The rules may not be changed here.</exception>
    public static async Task<Installation> InstallAsync(Redirection redirection, Listener listener, TimeProvider clock)
    {
        await redirection.InstallAsync(listener.EndPoint).ConfigureAwait(false);
        return new Installation(redirection, listener, clock);
    }

    /// <summary>
    /// Whether a server can be reached past a redirection of its address: by marked connections to an IP address, or by a Unix
    /// socket, which nothing redirects.
    /// </summary>
    public static bool IsPossibleBefore(EndPoint server) => server is IPEndPoint or UnixDomainSocketEndPoint;

    /// <summary>Where a proxy listens that is told nothing else: beside the address, if it is of this machine.</summary>
    public static IPEndPoint DefaultListen(IPEndPoint address)
    {
        try
        {
            using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(address.Address, 0));
            return new IPEndPoint(address.Address, 0);
        }
        catch (SocketException)
        {
            return new IPEndPoint(address.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback, 0);
        }
    }

    /// <summary>
    /// Removes the proxy from the path: new connections go to the server at once, those that are open here go on until they end by
    /// themselves. When the time is over, each ends after the reply that it waits for; where the protocol has transactions, none ends
    /// within one, however long that takes.
    /// </summary>
    /// <param name="limit">How long connections may go on.</param>
    /// <param name="atOnce">Ends the wait, for transactions too.</param>
    public async Task RemoveAsync(TimeSpan limit, CancellationToken atOnce)
    {
        await redirection.BypassAsync().ConfigureAwait(false);
        try
        {
            await Task.Delay(OnTheWay, clock, atOnce).ConfigureAwait(false);
            await EmptyAsync(limit, atOnce).ConfigureAwait(false);
            await EndAfterRepliesAsync(listener, clock, atOnce).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Whoever stops us cannot wait.
        }
    }

    /// <summary>
    /// Ends the connections of a listener after the replies that they wait for; where the protocol has transactions, none within one,
    /// however long that takes.
    /// </summary>
    public static async Task EndAfterRepliesAsync(Listener listener, TimeProvider clock, CancellationToken atOnce)
    {
        for (var began = clock.GetTimestamp();
            listener.EndAfterReplies() > 0 || (listener.Open > 0 && clock.GetElapsedTime(began) < LastReplies);)
            await Task.Delay(Look, clock, atOnce).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        // The last segments of the connections that have just ended are still to be translated.
        await Task.Delay(OnTheWay, clock).ConfigureAwait(false);
        await redirection.DisposeAsync().ConfigureAwait(false);
    }

    private async Task EmptyAsync(TimeSpan limit, CancellationToken atOnce)
    {
        var began = clock.GetTimestamp();
        while (listener.Open > 0 && clock.GetElapsedTime(began) < limit)
            await Task.Delay(Look, clock, atOnce).ConfigureAwait(false);
    }
}
