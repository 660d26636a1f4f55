using JustRunIt.Infrastructure.Sources;
using Npgsql;

namespace JustRunIt.Infrastructure;

/// <summary>
/// Addresses of the store and the bus that tests run against: from the environment, else of containers, else of the private servers
/// that <c>./justrunit setup --servers-only</c> starts and prints (<see cref="ServerSources"/>).
/// </summary>
/// <param name="Postgres">Npgsql connection string.</param>
/// <param name="RabbitMq">Address of the broker, <c>amqp://user:password@host:port/vhost</c>.</param>
/// <param name="RabbitMqControl">The command that administers the broker; null if the broker is not ours.</param>
/// <param name="RabbitMqManagement">The broker's management interface; null if it is where it is by default, or nowhere.</param>
public sealed record ServerAddresses(string Postgres, Uri RabbitMq, string? RabbitMqControl, Uri? RabbitMqManagement = null)
{
    private const string PostgresVariable = "JUSTRUNIT_POSTGRES";
    private const string RabbitMqVariable = "JUSTRUNIT_RABBITMQ";
    private const string RabbitMqControlVariable = "JUSTRUNIT_RABBITMQCTL";

    private static readonly TimeSpan SetUpLimit = TimeSpan.FromMinutes(10);
    private static readonly Lazy<Task<ServerAddresses>> Located = new(LocateOnceAsync);

    /// <summary>Finds the servers, starting private ones if none are given; once in a test process.</summary>
    /// <exception cref="InvalidOperationException">The private servers cannot be started; says why.</exception>
    public static Task<ServerAddresses> LocateAsync() => Located.Value;

    private static async Task<ServerAddresses> LocateOnceAsync()
    {
        var given = new[] { PostgresVariable, RabbitMqVariable, RabbitMqControlVariable }
            .Select(name => (name, value: Environment.GetEnvironmentVariable(name)))
            .Where(pair => !string.IsNullOrEmpty(pair.value))
            .ToDictionary(pair => pair.name, pair => pair.value!, StringComparer.Ordinal);

        Func<Task<ServerAddresses>>? fromEnvironment =
            given.ContainsKey(PostgresVariable) && given.ContainsKey(RabbitMqVariable) ? () => Task.FromResult(From(given)) : null;
        return await ServerSources.GetAsync(
            "PostgreSQL and RabbitMQ",
            fromEnvironment,
            StartContainersAsync,
            async () => From(await StartPrivateServersAsync().ConfigureAwait(false))).ConfigureAwait(false);
    }

    private static async Task<ServerAddresses> StartContainersAsync()
    {
        var postgres = ServerContainers.PostgreSqlAsync();
        var rabbitMq = ServerContainers.RabbitMqAsync();
        await Task.WhenAll(postgres, rabbitMq).ConfigureAwait(false);
        var (store, (broker, management)) = (await postgres.ConfigureAwait(false), await rabbitMq.ConfigureAwait(false));
        var settings = new NpgsqlConnectionStringBuilder(PostgreSqlServer.ConnectionString(store.EndPoint));
        return new ServerAddresses(settings.ConnectionString, broker, RabbitMqControl: null, management);
    }

    /// <summary>The script hands back what the environment gives, so one variable may be given and the other not.</summary>
    private static async Task<IReadOnlyDictionary<string, string>> StartPrivateServersAsync()
    {
        var script = Path.Combine(RepositoryRoot(), "justrunit");
        var output = await CommandLine.RunAsync(script, ["setup", "--servers-only"], SetUpLimit).ConfigureAwait(false);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => line.Split('=', 2))
            .Where(parts => parts.Length == 2)
            .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);
    }

    private static ServerAddresses From(IReadOnlyDictionary<string, string> values) => new(
        Required(values, PostgresVariable),
        new Uri(Required(values, RabbitMqVariable)),
        values.GetValueOrDefault(RabbitMqControlVariable));

    private static string Required(IReadOnlyDictionary<string, string> values, string name) =>
        values.GetValueOrDefault(name)
        ?? throw new InvalidOperationException($"'./justrunit setup --servers-only' printed no {name}.");

    /// <summary>The folder of the solution, above the folder that the tests run from.</summary>
    private static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "JustRunIt.Events.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException(
            $"No JustRunIt.Events.sln above {AppContext.BaseDirectory}; "
            + $"set {PostgresVariable} and {RabbitMqVariable} to run the tests elsewhere.");
    }
}
