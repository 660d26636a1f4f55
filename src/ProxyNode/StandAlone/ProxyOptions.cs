using System.Net;
using JustRunIt.Hosting;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Sandboxes;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>What a stand-alone proxy was told on the command line.</summary>
internal sealed record ProxyOptions
{
    /// <summary>Whether it stands before a server, or between it and its next tier.</summary>
    public required ProxyRole Role { get; init; }

    /// <summary>What both sides speak.</summary>
    public required IProtocol Protocol { get; init; }

    /// <summary>Where clients connect.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>The server behind.</summary>
    public required Endpoint Upstream { get; init; }

    /// <summary>In-proxy: the clone. Out-proxy: where the clone finds the next tier. Null: relay only.</summary>
    public IPEndPoint? Sandbox { get; init; }

    /// <summary>Out-proxy: who is answered as the clone; null for clones on this host.</summary>
    public SandboxClients? Clients { get; init; }

    /// <summary>How far the clone is behind.</summary>
    public TimeSpan TimeShift { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Sessions begun a second at the clone, to those on-line.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>How much longer than the time shift the first session is held back, so that those after it can begin faster.</summary>
    public TimeSpan Hold { get; init; }

    /// <summary>The file into which on-line traffic is recorded; null: none.</summary>
    public string? Record { get; init; }

    /// <summary>Largest size of that file.</summary>
    public long RecordLimitBytes { get; init; } = 1L << 30;

    /// <summary>Admin address of the other proxy around the same server.</summary>
    public Endpoint? Peer { get; init; }

    /// <summary>The address whose new connections are redirected to the proxy while it runs; null: none.</summary>
    public IPEndPoint? Install { get; init; }

    /// <summary>Connections to it that were open before, and idle for so long, are ended; null: they are left.</summary>
    public TimeSpan? EndIdle { get; init; }

    /// <summary>How long redirected connections may go on after the proxy was told to end.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The service's rules.</summary>
    public ServiceRules Rules { get; init; } = ServiceRules.None;

    /// <summary>Where they were read from, and are read again; null: nowhere.</summary>
    public string? RulesFile { get; init; }

    /// <summary>Where the report is served; null: nowhere.</summary>
    public Endpoint? Admin { get; init; }

    /// <summary>File of the token that askers over the network must have; null for the user's own.</summary>
    public string? AdminToken { get; init; }

    /// <summary>How many connections it takes, and how long it waits for those that say nothing.</summary>
    public ConnectionLimits Limits { get; init; } = new();

    /// <summary>Bound of the shadow queue, or of the record.</summary>
    public long MemoryLimitBytes { get; init; } = 64L << 20;
}

/// <summary>Where a proxy stands.</summary>
internal enum ProxyRole
{
    /// <summary>Before a server.</summary>
    In,

    /// <summary>Between a server and its next tier.</summary>
    Out,
}
