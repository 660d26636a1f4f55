namespace JustRunIt.Infrastructure;

/// <summary>A running RabbitMQ on which, if it lets us, virtual hosts can be made and deleted.</summary>
public sealed class RabbitMqServer : IDisposable
{
    private readonly IVirtualHosts? virtualHosts;

    private RabbitMqServer(Uri address, IVirtualHosts? virtualHosts)
    {
        Address = address;
        this.virtualHosts = virtualHosts;
    }

    /// <summary>Address as given: user, password, host, port and virtual host.</summary>
    public Uri Address { get; }

    /// <summary>False if the broker is not ours and has no management interface that we may use.</summary>
    public bool CanCreateVirtualHosts => virtualHosts is not null;

    /// <summary>The server of <see cref="ServerAddresses"/>.</summary>
    public static async Task<RabbitMqServer> LocateAsync()
    {
        var addresses = await ServerAddresses.LocateAsync().ConfigureAwait(false);
        return await FromAsync(addresses.RabbitMq, addresses.RabbitMqControl, addresses.RabbitMqManagement).ConfigureAwait(false);
    }

    /// <summary>A broker at a known address.</summary>
    /// <param name="address">User, password, host, port and virtual host.</param>
    /// <param name="control">The command that administers it; null to look for its management interface.</param>
    /// <param name="management">Where that interface is; null for where it is by default.</param>
    internal static async Task<RabbitMqServer> FromAsync(Uri address, string? control, Uri? management = null)
    {
        var (user, password) = Credentials(address);
        return new RabbitMqServer(
            address,
            control is not null
                ? new VirtualHostsByCommand(control)
                : await VirtualHostsByHttp
                    .FindAsync(management ?? VirtualHostsByHttp.StandardAddress(address), user, password)
                    .ConfigureAwait(false));
    }

    /// <summary>How many virtual hosts are best made by one call.</summary>
    internal int Batch => Administration().Batch;

    /// <summary>Makes virtual hosts, open to the user of <see cref="Address"/>.</summary>
    /// <exception cref="InvalidOperationException"><see cref="CanCreateVirtualHosts"/> is false.</exception>
    internal Task CreateVirtualHostsAsync(params IReadOnlyList<string> names) =>
        Administration().CreateAsync(names, Credentials(Address).User);

    /// <summary>Address of a virtual host.</summary>
    internal Uri AddressOf(string name) => new UriBuilder(Address) { Path = Uri.EscapeDataString(name) }.Uri;

    /// <summary>Deletes virtual hosts with all that is in them.</summary>
    /// <exception cref="InvalidOperationException"><see cref="CanCreateVirtualHosts"/> is false.</exception>
    internal Task DeleteVirtualHostsAsync(params IReadOnlyList<string> names) => Administration().DeleteAsync(names);

    /// <summary>The same for a process that ends; returns at once, and whether it succeeded is not known.</summary>
    internal void DeleteVirtualHostsAfterwards(IReadOnlyList<string> names) => Administration().DeleteAfterwards(names);

    /// <summary>Makes what definitions say: users, permissions, exchanges, queues.</summary>
    /// <exception cref="InvalidOperationException"><see cref="CanCreateVirtualHosts"/> is false.</exception>
    public Task ImportAsync(string definitions) => Administration().ImportAsync(definitions);

    /// <inheritdoc/>
    public void Dispose() => (virtualHosts as IDisposable)?.Dispose();

    /// <summary>Names of all virtual hosts.</summary>
    /// <exception cref="InvalidOperationException"><see cref="CanCreateVirtualHosts"/> is false.</exception>
    public Task<IReadOnlyList<string>> ListVirtualHostsAsync() => Administration().ListAsync();

    /// <summary>Deletes the virtual hosts of test runs that were killed.</summary>
    internal async Task DeleteLeftBehindAsync()
    {
        try
        {
            await DeleteVirtualHostsAsync([.. (await ListVirtualHostsAsync().ConfigureAwait(false)).Where(TestName.IsLeftBehind)])
                .ConfigureAwait(false);
        }
        catch (Exception error) when (error is InvalidOperationException or HttpRequestException)
        {
            // Another test run was quicker.
        }
    }

    private IVirtualHosts Administration() =>
        virtualHosts ?? throw new InvalidOperationException(
            $"No virtual hosts can be made on {Address.Host}:{Address.Port}: it is not ours and has no management interface.");

    private static (string User, string Password) Credentials(Uri address)
    {
        var parts = address.UserInfo.Split(':', 2);
        return parts is [{ Length: > 0 } user, var password]
            ? (Uri.UnescapeDataString(user), Uri.UnescapeDataString(password))
            : ("guest", "guest");
    }
}
