using JustRunIt.Events.Store;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace JustRunIt.Bench.Pipeline;

/// <summary>A database for one part of a benchmark.</summary>
internal static class BenchDatabase
{
    /// <summary>Makes it anew.</summary>
    public static Task MakeAsync(Connections given, string database) =>
        ExecuteAsync(given.Postgres, $"DROP DATABASE IF EXISTS {database} WITH (FORCE)", $"CREATE DATABASE {database}");

    /// <summary>Takes it away.</summary>
    public static Task DropAsync(Connections given, string database) =>
        ExecuteAsync(given.Postgres, $"DROP DATABASE IF EXISTS {database} WITH (FORCE)");

    /// <summary>The servers, with it; statements may take long.</summary>
    public static Connections In(Connections given, string database) => given with
    {
        Postgres = new NpgsqlConnectionStringBuilder(given.Postgres) { Database = database, CommandTimeout = 1_800 }.ConnectionString,
    };

    /// <summary>A service on it with the schema made, on which no relay runs: it would send all that follows.</summary>
    public static async Task<IHost> HostAsync(string service, Connections connections)
    {
        var host = ServiceHost.CreateService(service, _ => { }, connections).Build();
        await host.StartAsync();
        await host.StopAsync();
        return host;
    }

    private static async Task ExecuteAsync(string postgres, params string[] statements)
    {
        await using var connection = new NpgsqlConnection(postgres);
        await connection.OpenAsync();
        foreach (var sql in statements)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}
