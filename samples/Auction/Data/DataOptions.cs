using System.Net;
using JustRunIt.Auction.Shared.CommandLine;
using Npgsql;

namespace JustRunIt.Auction.Data;

/// <summary>Command line of the data tier.</summary>
internal sealed record DataOptions(IPEndPoint Listen, string Database, int Items, int Users)
{
    /// <summary>Enough for a tier of about a core; PostgreSQL's default of 100 connections is shared with other services.</summary>
    private const int MaxConnections = 10;

    public static readonly CommandLineParser Parser = new(
        "auction-data",
        "data tier of the auction: a JSON interface over PostgreSQL",
        [
            new Option("--listen", "ADDRESS:PORT", "where to listen", IsRequired: true),
            new Option("--database", "CONNECTION", "Npgsql connection string with Host and Database; a missing database is created", IsRequired: true),
            new Option("--items", "N", "items to seed at the first start, 1 to 1000000; at least the application tier's --candidates", "4000"),
            new Option("--users", "N", "users to seed at the first start, 1 to 100000", "1000"),
        ]);

    public static DataOptions From(Arguments arguments) => new(
        arguments.Endpoint("--listen"),
        ConnectionString(arguments.Text("--database")),
        arguments.Integer("--items", 1, 1_000_000),
        arguments.Integer("--users", 1, 100_000));

    private static string ConnectionString(string text)
    {
        NpgsqlConnectionStringBuilder connection;
        try
        {
            connection = new NpgsqlConnectionStringBuilder(text);
        }
        catch (ArgumentException problem)
        {
            throw new UsageException($"--database: '{text}' is not allowed; {problem.Message.ReplaceLineEndings(" ")}");
        }

        if (string.IsNullOrEmpty(connection.Host) || string.IsNullOrEmpty(connection.Database))
            throw new UsageException("--database: Host or Database missing; Host=...;Database=... is needed");
        if (!connection.ContainsKey("Maximum Pool Size"))
            connection.MaxPoolSize = MaxConnections;
        if (!connection.ContainsKey("Max Auto Prepare"))
            connection.MaxAutoPrepare = 50;
        return connection.ConnectionString;
    }
}
