using System.Net.Sockets;

namespace JustRunIt.Infrastructure.Sources;

/// <summary>The container engine that this process can reach: one that speaks Docker's interface, so Podman's service as well.</summary>
public static class ContainerEngine
{
    private const string Variable = "DOCKER_HOST";

    /// <summary>An engine on this machine answers at once; where there is none, there is no socket, and nothing is waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly Lazy<Task<Uri?>> Found = new(FindAsync);

    /// <summary>Whether there is one that answers; asked once in a test process.</summary>
    public static async Task<bool> AnswersAsync() => await Found.Value.ConfigureAwait(false) is not null;

    /// <summary>Its address.</summary>
    /// <exception cref="InvalidOperationException">None answers.</exception>
    public static async Task<Uri> AddressAsync() =>
        await Found.Value.ConfigureAwait(false)
        ?? throw new InvalidOperationException(
            $"No container engine answers; set {Variable} to its address, such as unix:///run/podman/podman.sock.");

    /// <summary>Whether an engine answers at an address, of scheme unix, tcp or http.</summary>
    internal static async Task<bool> AnswersAtAsync(Uri address)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false };
        if (address.Scheme == "unix")
        {
            if (!File.Exists(address.AbsolutePath))
                return false;
            handler.ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(address.AbsolutePath), cancellation).ConfigureAwait(false);
                return new NetworkStream(socket, ownsSocket: true);
            };
        }

        try
        {
            using var client = new HttpClient(handler) { Timeout = Patience };
            var ping = address.Scheme == "unix" ? new Uri(
                "http://engine/_ping") : new UriBuilder(address) { Scheme = "http", Path = "_ping" }.Uri;
            using var reply = await client.GetAsync(ping).ConfigureAwait(false);
            return reply.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private static async Task<Uri?> FindAsync()
    {
        foreach (var address in Addresses())
        {
            if (await AnswersAtAsync(address).ConfigureAwait(false))
                return address;
        }

        return null;
    }

    private static IEnumerable<Uri> Addresses()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
            return [new Uri(given)];
        var own = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        var home = Environment.GetEnvironmentVariable("HOME");
        return new[]
        {
            "/var/run/docker.sock",
            own is null ? null : $"{own}/docker.sock",
            home is null ? null : $"{home}/.docker/run/docker.sock",
            home is null ? null : $"{home}/.docker/desktop/docker.sock",
            "/run/podman/podman.sock",
            own is null ? null : $"{own}/podman/podman.sock",
        }.OfType<string>().Select(path => new Uri($"unix://{path}"));
    }
}
