using JustRunIt.Infrastructure;
using JustRunIt.Infrastructure.Sources;
using Xunit.Abstractions;

namespace JustRunIt.ProxyNode.Tests.Peers;

/// <summary>
/// The databases and containers that all tests share, an original and its clone of each kind, started when the first test asks for
/// them. Tests keep apart by databases of their own.
/// </summary>
[CollectionDefinition(Name)]
public sealed class PeerServers : ICollectionFixture<PeerServers>, IAsyncLifetime
{
    /// <summary>Name of the collection of test classes that share them.</summary>
    public const string Name = "peer servers";

    private readonly Lazy<Task<Pair<MariaDbServer>>> mariaDb = Both(MariaDbServer.GetAsync, "JUSTRUNIT_TEST_MARIADB");
    private readonly Lazy<Task<Pair<PostgreSqlServer>>> postgreSql = Both(PostgreSqlServer.GetAsync, "JUSTRUNIT_TEST_POSTGRES");
    private readonly Lazy<Task<Pair<TomcatServer>>> tomcat = Both(TomcatServer.GetAsync, "JUSTRUNIT_TEST_TOMCAT");
    private int databases;

    /// <summary>Made by xunit.</summary>
    public PeerServers(IMessageSink messages) => TestOutput.ShowAt(messages);

    /// <summary>Two Tomcats.</summary>
    public Task<Pair<TomcatServer>> TomcatsAsync() => tomcat.Value;

    /// <summary>A new database on two MariaDBs.</summary>
    public async Task<MariaDbPair> MariaDbAsync()
    {
        var pair = new MariaDbPair(await mariaDb.Value, NewDatabase());
        foreach (var server in pair.Servers)
            await server.CreateDatabaseAsync(pair.Database);
        return pair;
    }

    /// <summary>A new database on two PostgreSQLs.</summary>
    public async Task<PostgreSqlPair> PostgreSqlAsync()
    {
        var pair = new PostgreSqlPair(await postgreSql.Value, NewDatabase());
        foreach (var server in pair.Servers)
            await server.CreateDatabaseAsync(pair.Database);
        return pair;
    }

    /// <inheritdoc />
    public Task InitializeAsync() => Task.CompletedTask;

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        await DisposeAsync(mariaDb);
        await DisposeAsync(postgreSql);
        await DisposeAsync(tomcat);
    }

    private static Lazy<Task<Pair<T>>> Both<T>(Func<string, Task<T>> get, string variable)
        where T : IAsyncDisposable => new(async () =>
        {
            var both = await Task.WhenAll(get(variable), get($"{variable}_CLONE"));
            return new Pair<T>(both[0], both[1]);
        });

    private static async Task DisposeAsync<T>(Lazy<Task<Pair<T>>> pair)
        where T : IAsyncDisposable
    {
        if (!pair.IsValueCreated || !pair.Value.IsCompletedSuccessfully)
            return;
        await (await pair.Value).Clone.DisposeAsync();
        await (await pair.Value).Original.DisposeAsync();
    }

    /// <summary>Of this process: servers that the environment gives may be used by another run at the same time.</summary>
    private string NewDatabase() => $"shop_{Environment.ProcessId}_{Interlocked.Increment(ref databases)}";
}

/// <summary>Two servers alike.</summary>
public sealed class Pair<T>(T original, T clone)
{
    /// <summary>The one whose clients are on line.</summary>
    public T Original => original;

    /// <summary>The one that gets what the original got.</summary>
    public T Clone => clone;
}
