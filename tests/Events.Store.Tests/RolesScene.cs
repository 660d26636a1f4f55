using JustRunIt.Events.Authority;
using JustRunIt.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace JustRunIt.Events.Store.Tests;

/// <summary>A database of its own, and what its users try there.</summary>
internal sealed class RolesScene(RolesServer server)
{
    public const string Administrator = "shop";
    public const string Owner = "justrunit";
    public const string Auditor = "justrunit_auditor";
    public const string EventTable = "justrunit.mt_events";

    /// <summary>Appends an event of the type $1 to the stream $2.</summary>
    public const string Insert =
        $"INSERT INTO {EventTable} (seq_id, id, stream_id, version, data, type, mt_dotnet_type, tenant_id) "
        + "VALUES (nextval('justrunit.mt_events_sequence'), gen_random_uuid(), $2, "
        + $"(SELECT coalesce(max(version), 0) + 1 FROM {EventTable} WHERE stream_id = $2), '{{}}', $1, 'x', '*DEFAULT*')";

    private readonly Dictionary<string, NpgsqlConnection> logins = [];

    /// <summary>Logins of the services.</summary>
    public static string[] ServiceLogins { get; } = [.. Roles.OfServices.Select(role => LoginOf(role.Name))];

    /// <summary>Kinds of streams.</summary>
    public static string[] Kinds { get; } =
        [.. Roles.OfServices.SelectMany(role => role.Appends).Select(StreamKinds.Of).Distinct()];

    public RolesServer Server => server;

    public string Database { get; private set; } = "";

    public async Task InitializeAsync() => Database = await server.CreateAsync();

    public async Task DisposeAsync()
    {
        foreach (var login in logins.Values)
            await login.DisposeAsync();
    }

    /// <summary>The login of a service.</summary>
    public static string LoginOf(string service) => $"justrunit_{service}";

    public string As(string user) => server.As(user, Database);

    /// <summary>As <c>--schema</c> does.</summary>
    public async Task SetUpAsync(string user, params StoreExtension[] extensions)
    {
        using var host = Build(As(user), extensions);
        await host.Services.GetRequiredService<ISetUp>().SetUpAsync(CancellationToken.None);
    }

    /// <summary>The first thing that a service does.</summary>
    public async Task StartAsync(string user, string? connection = null)
    {
        using var host = Build(connection ?? As(user));
        await host.Services.GetRequiredService<SchemaSetup>().StartAsync(CancellationToken.None);
    }

    /// <summary>Begins a stream of each kind, called one.</summary>
    public async Task BeginStreamsAsync()
    {
        foreach (var kind in Kinds)
            await ExecuteAsync(Owner, $"INSERT INTO justrunit.mt_streams (id, version, tenant_id) VALUES ('{kind}one', 0, '*DEFAULT*')");
    }

    public Task ExecuteAsync(string user, string statement) => RolesServer.ExecuteAsync(As(user), statement);

    /// <summary>Whether a user may do something, which is undone.</summary>
    public async Task<bool> CanAsync(string user, string statement, params string[] arguments)
    {
        if (!logins.TryGetValue(user, out var connection))
        {
            logins[user] = connection = new NpgsqlConnection(As(user));
            await connection.OpenAsync();
        }

        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(statement, connection, transaction);
        foreach (var argument in arguments)
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = argument });
        try
        {
            await command.ExecuteNonQueryAsync();
            return true;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            return false;
        }
    }

    private static IHost Build(string postgres, params StoreExtension[] extensions)
    {
        var builder = ServiceHost.CreateService(Catalog.Monitor, _ => { }, new Connections(postgres, new Uri("amqp://127.0.0.1:1/")));
        foreach (var extension in extensions)
            builder.Services.AddSingleton(extension);
        return builder.Build();
    }
}
