using System.Net;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Installing;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>
/// What both kinds of proxy have in common: takes connections, relays each to the server behind, and is installed around that
/// server's address where it is told to be.
/// </summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly Upstream upstream;
    private readonly Listener listener;
    private readonly Redirection? redirection;
    private readonly RelaySettings settings;
    private readonly TimeProvider clock;
    private Installation? installation;
    private IdleEnding? idleEnding;

    private Relay(Upstream upstream, Listener listener, Redirection? redirection, RelaySettings settings, TimeProvider clock) =>
        (this.upstream, this.listener, this.redirection, this.settings, this.clock) = (upstream, listener, redirection, settings, clock);

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint => listener.EndPoint;

    /// <summary>Client connections that are open.</summary>
    public int Open => listener.Open;

    /// <summary>What was counted of its clients' connections, and of what was asked over them.</summary>
    public ConnectionFigures Figures => listener.Figures;

    /// <summary>Whether new connections to an address are redirected to it.</summary>
    public bool IsInstalled => installation is not null;

    /// <summary>Which of the address's connections go through it; null where it is not installed around one.</summary>
    public InstalledFigures? Installed => settings.Install is { } address
        ? new InstalledFigures(Open, OpenConnections.PastUs(address)?.Count, idleEnding?.Ended)
        : null;

    /// <summary>Prepares the redirection that the settings ask for; null when they ask for none.</summary>
    /// <exception cref="JustRunIt.Hosting.Configuration.ConfigurationException">The address cannot be redirected.</exception>
    public static async Task<Redirection?> PrepareAsync(RelaySettings settings, Action<string> say) =>
        settings.Install is null ? null : await Redirection.PrepareAsync(settings.Install, say).ConfigureAwait(false);

    /// <summary>Starts to listen, and relays from then on.</summary>
    /// <param name="settings">Where, to what server.</param>
    /// <param name="redirection">What was prepared; in force after <see cref="InstallAsync"/>.</param>
    /// <param name="openTaps">The taps of a new connection, of a protocol whose messages are understood.</param>
    /// <param name="times">Takes the response times; null: nobody does.</param>
    /// <param name="clock">The clock.</param>
    /// <exception cref="JustRunIt.Hosting.Configuration.ConfigurationException">The address cannot be listened on.</exception>
    public static Relay Start(
        RelaySettings settings, Redirection? redirection, Func<IConnectionTaps> openTaps, ResponseTimes? times, TimeProvider clock)
    {
        var upstream = new Upstream(settings.Upstream, settings.Vm, server => redirection?.ConnectTo(server) ?? server);
        // Before there are connections: the loops have descriptors too.
        EventLoop.StartOnline();
        var context = new RelayContext(upstream, new ConnectionRoll(settings.Limits, clock), times);
        var listener = settings.Protocol is IMessageProtocol protocol
            ? Listener.Start(settings.Listen, context.Roll, (client, stop) =>
                RelayConnection.RunAsync(client, context, protocol.Open(), openTaps(), stop))
            : Listener.Start(settings.Listen, context.Roll, (client, stop) => TunnelConnection.RunAsync(client, context, stop));
        return new Relay(upstream, listener, redirection, settings, clock);
    }

    /// <summary>Redirects new connections to it, if it was prepared for that. Last of all: traffic comes when everything stands.</summary>
    /// <param name="say">Told, in one line, what the operator must know.</param>
    /// <exception cref="JustRunIt.Hosting.Configuration.ConfigurationException">The address cannot be redirected.</exception>
    public async Task InstallAsync(Action<string> say)
    {
        if (redirection is null)
            return;
        installation = await Installation.InstallAsync(redirection, listener, clock).ConfigureAwait(false);
        if (settings.EndIdle is not { } time)
            return;
        idleEnding = new IdleEnding(settings.Install!, time, clock, say);
        idleEnding.Start();
    }

    /// <summary>A virtual machine is somewhere: new connections to a server in it go there.</summary>
    /// <returns>Whether that is news.</returns>
    public bool TryFollow(string vm, IPEndPoint to, int moves, bool isOrdered = false) =>
        upstream.TryFollow(vm, to, moves, isOrdered);

    /// <summary>Takes it from the path if it is installed, and waits for the connections that go through it.</summary>
    /// <param name="drain">How long they may go on.</param>
    /// <param name="atOnce">Ends the wait.</param>
    public async Task RemoveAsync(TimeSpan drain, CancellationToken atOnce)
    {
        await EndIdleEndingAsync().ConfigureAwait(false);
        if (installation is not null)
            await installation.RemoveAsync(drain, atOnce).ConfigureAwait(false);
    }

    /// <summary>Ends its connections after the replies that they wait for, those with transactions between two.</summary>
    /// <param name="atOnce">Ends the wait.</param>
    public Task EndAfterRepliesAsync(CancellationToken atOnce) => Installation.EndAfterRepliesAsync(listener, clock, atOnce);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await EndIdleEndingAsync().ConfigureAwait(false);
        await listener.DisposeAsync().ConfigureAwait(false);
        if (installation is not null)
            await installation.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>What is redirected no more need not come anew.</summary>
    private async Task EndIdleEndingAsync()
    {
        if (Interlocked.Exchange(ref idleEnding, null) is { } ending)
            await ending.DisposeAsync().ConfigureAwait(false);
    }
}
