using System.Globalization;
using System.Net;
using JustRunIt.Hosting;

namespace JustRunIt.ProxyNode.Installing;

/// <summary>What the kernel tells of a server's connections, and how it ends one: by <c>ss</c> (iproute2; sock_diag(7)).</summary>
internal static class SocketStatistics
{
    private const int LocalField = 2;
    private const int RemoteField = 3;

    private static readonly Tool Program = new("ss", "iproute2", "end connections");

    /// <summary>The established connections of whoever listens at a port of this machine.</summary>
    /// <exception cref="ToolException">They cannot be listed.</exception>
    public static async Task<IReadOnlyList<ServerConnection>> ReadAsync(int port) =>
    [
        .. (await Program.RunAsync("", "-tinHO", "state", "established", "sport", "=", $":{port}").ConfigureAwait(false))
            .Split('\n').Select(Read).OfType<ServerConnection>(),
    ];

    /// <summary>A connection as it is now; null when it is not established any more.</summary>
    /// <exception cref="ToolException">It cannot be asked for.</exception>
    public static async Task<ServerConnection?> ReadAgainAsync(ServerConnection connection) =>
        (await Program.RunAsync(
            "", "-tinHO", "state", "established", "src", connection.Local, "dst", connection.Remote).ConfigureAwait(false))
        .Split('\n').Select(Read).FirstOrDefault(read => read is not null);

    /// <summary>Ends a connection: both ends read that it was reset.</summary>
    /// <exception cref="ToolException">The kernel does not do that, or we may not ask it to.</exception>
    public static Task EndAsync(ServerConnection connection) =>
        Program.RunAsync("", "-KtnH", "state", "established", "src", connection.Local, "dst", connection.Remote);

    /// <summary>A line of <c>ss -tinHO</c>: two queues, two addresses, and what is known of the connection.</summary>
    internal static ServerConnection? Read(string line)
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > RemoteField && Time("lastsnd:") is { } sent && Time("lastrcv:") is { } received
            ? new ServerConnection(
                fields[LocalField],
                fields[RemoteField],
                fields[0] != "0" || fields[1] != "0",
                fields.Any(field => field.StartsWith("bytes_received:", StringComparison.Ordinal)),
                sent,
                received)
            : null;

        TimeSpan? Time(string name) => fields.FirstOrDefault(field => field.StartsWith(name, StringComparison.Ordinal)) is { } field
            && long.TryParse(field.AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
                ? TimeSpan.FromMilliseconds(milliseconds)
                : null;
    }
}

/// <summary>A connection of a server, seen from there.</summary>
/// <param name="Local">The server's address, as the kernel's list writes it.</param>
/// <param name="Remote">The client's.</param>
/// <param name="HasQueued">Whether something waits to be read by the server or to be received by the client.</param>
/// <param name="HasAsked">Whether anything has ever come from the client.</param>
/// <param name="SinceSent">Since the server has sent anything; since the connection was opened where it has not.</param>
/// <param name="SinceReceived">Since anything has come; likewise.</param>
internal sealed record ServerConnection(
    string Local, string Remote, bool HasQueued, bool HasAsked, TimeSpan SinceSent, TimeSpan SinceReceived)
{
    /// <summary>So many times longer must nothing have passed where a tick of the kernel's clock hides what came last.</summary>
    private const int WhereUnsure = 10;

    /// <summary>The server's address; null where it cannot be read.</summary>
    public IPEndPoint? Server => Read(Local);

    /// <summary>The client's address; null where it cannot be read.</summary>
    public IPEndPoint? Client => Read(Remote);

    /// <summary>
    /// Whether nothing has passed for so long, and nothing is waited for: what came last was answered, as far as the kernel can tell.
    /// </summary>
    public bool Idles(TimeSpan time) => !HasQueued && SinceSent >= time && SinceReceived >= time
        && (SinceSent < SinceReceived || !HasAsked || (SinceSent == SinceReceived && SinceReceived >= WhereUnsure * time));

    private static IPEndPoint? Read(string text) => IPEndPoint.TryParse(text, out var known) ? known.Unmapped() : null;
}
