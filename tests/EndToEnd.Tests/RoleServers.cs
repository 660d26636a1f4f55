using JustRunIt.Client.Supervision;
using JustRunIt.Events;
using JustRunIt.Events.Authority;
using JustRunIt.Events.Store;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Messaging.Authority;
using JustRunIt.Infrastructure;

namespace JustRunIt.EndToEnd.Tests;

/// <summary>
/// A virtual host and a database in which everybody has his role and nothing more: the system's processes with their own users, and the
/// test as an operator.
/// </summary>
internal sealed class RoleServers : IAsyncDisposable
{
    private readonly BothFixture servers = new();
    private readonly CredentialFolder? credentials;

    private RoleServers(string? folder) =>
        (CredentialsFolder, credentials) = (folder ?? "", folder is null ? null : new CredentialFolder(folder));

    /// <summary>Where the passwords of all are; empty where there is one user for all.</summary>
    public string CredentialsFolder { get; }

    /// <summary>File of the public key that checkpoints are signed with; null where everybody has what the environment gives.</summary>
    public string? SealKey => credentials is null ? null : $"{credentials.SealKeyFile()}.pub";

    /// <summary>As whoever administers them.</summary>
    public Connections Administrator => new(servers.Postgres.ConnectionString, servers.RabbitMq.Address);

    /// <summary>The broker, as an operator.</summary>
    public Uri Operator => As(new Speaker(Roles.Of(Roles.Operator), null));

    /// <summary>Makes both.</summary>
    /// <param name="agents">Names of host agents.</param>
    /// <param name="nodes">Names of proxy nodes.</param>
    public static async Task<RoleServers> StartAsync(string[] agents, string[] nodes)
    {
        var addresses = await ServerAddresses.LocateAsync();
        Environment.SetEnvironmentVariable(RoleSetup.ControlVariable, addresses.RabbitMqControl);
        // Servers that are not ours have no roles: there it is said, and must work as well.
        var isOurs = addresses.RabbitMqControl is not null;
        Environment.SetEnvironmentVariable(EnvironmentVariables.Authority, isOurs ? "roles" : "none");
        var given = Environment.GetEnvironmentVariable(EnvironmentVariables.Credentials);
        var scene = new RoleServers(
            !isOurs ? null : string.IsNullOrEmpty(given) ? Path.Combine(Programs.LocalFolder, "credentials") : given);
        await scene.servers.InitializeAsync();
        await using var fleet = scene.NewFleet(Path.GetTempPath());
        await fleet.PrepareAsync(
            [
                .. agents.Select(name => new Speaker(Roles.Of(Catalog.HostAgent), name)),
                .. nodes.Select(name => new Speaker(Roles.Of(Catalog.ProxyNode), name)),
            ],
            CancellationToken.None);
        return scene;
    }

    /// <summary>The broker, as somebody.</summary>
    public Uri As(Speaker speaker) => credentials?.BrokerAddress(Administrator.RabbitMq, speaker) ?? Administrator.RabbitMq;

    /// <summary>Processes, each with its own user.</summary>
    public Fleet NewFleet(string folder) => new(Administrator, folder, credentials);

    public async ValueTask DisposeAsync() => await servers.DisposeAsync();
}
