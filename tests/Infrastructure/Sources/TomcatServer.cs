using System.Net;
using JustRunIt.Infrastructure.Peers;

namespace JustRunIt.Infrastructure.Sources;

/// <summary>A Tomcat with the pages of <see cref="TomcatFolder"/> and an AJP connector.</summary>
public sealed class TomcatServer : IAsyncDisposable
{
    private readonly IAsyncDisposable? own;

    private TomcatServer(IPEndPoint ajp, IAsyncDisposable? own)
    {
        this.own = own;
        Ajp = ajp;
    }

    /// <summary>Where its connector listens.</summary>
    public IPEndPoint Ajp { get; }

    /// <summary>Gets one.</summary>
    /// <param name="variable">The variable whose value is the address of a running one's connector, <c>HOST:PORT</c>.</param>
    public static Task<TomcatServer> GetAsync(string variable)
    {
        var given = Environment.GetEnvironmentVariable(variable);
        return ServerSources.GetAsync(
            "Tomcat",
            string.IsNullOrEmpty(given) ? null : () => FromEnvironmentAsync(variable, given),
            async () =>
            {
                var container = await ServerContainers.TomcatAsync().ConfigureAwait(false);
                return new TomcatServer(container.EndPoint, container);
            },
            async () =>
            {
                var server = await LocalTomcat.StartAsync().ConfigureAwait(false);
                return new TomcatServer(server.Ajp, server);
            });
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => own?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async Task<TomcatServer> FromEnvironmentAsync(string variable, string given)
    {
        if (given.Split(':') is not [var host, var text] || !int.TryParse(text, out var port))
            throw new InvalidOperationException($"{variable}: '{given}'; allowed is HOST:PORT.");
        return new TomcatServer(await HostAddress.ResolveAsync(host, port).ConfigureAwait(false), own: null);
    }
}
