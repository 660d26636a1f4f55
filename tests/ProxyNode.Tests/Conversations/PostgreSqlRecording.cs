using System.Net;
using JustRunIt.Infrastructure.Peers;
using JustRunIt.Infrastructure.Sources;
using JustRunIt.ProxyNode.Tests.Peers;
using Npgsql;

namespace JustRunIt.ProxyNode.Tests.Conversations;

/// <summary>What psql, pgbench and Npgsql say to PostgreSQL.</summary>
internal static class PostgreSqlRecording
{
    public static async Task RecordAsync(VectorRecorder recorder)
    {
        await using var server = await LocalPostgreSql.StartAsync();
        var peer = "PostgreSQL 15";
        using (var between = new Eavesdropper(server.EndPoint))
        {
            await PeerProcess.RunAsync(
                "psql",
                [Psql(between.EndPoint) + " sslmode=prefer", "-qAt"],
                "CREATE TABLE items (id INT, name TEXT);\n\\copy items FROM STDIN\n1\tx\n2\ty\n\\.\n\\copy items TO STDOUT\nSELECT * FROM "
                    + "items;\nSELECT nothing;\nDO $$ BEGIN RAISE NOTICE 'noted'; END $$;\n;\n\\copy items FROM STDIN\nbad\n\\.\nSELECT "
                        + "1\\; SELECT 2;\nLISTEN a; NOTIFY a;\n");
            recorder.Add("postgresql", "psql", $"psql 15 and {peer}", between);
        }

        await PeerProcess.RunAsync("pgbench", ["-q", "-i", Psql(server.EndPoint)]);
        foreach (var mode in (string[])["simple", "extended", "prepared"])
        {
            using var between = new Eavesdropper(server.EndPoint);
            await PeerProcess.RunAsync("pgbench", ["-M", mode, "-n", "-t", "3", Psql(between.EndPoint)]);
            recorder.Add("postgresql", $"pgbench-{mode}", $"pgbench 15 -M {mode} and {peer}", between);
        }

        using (var between = new Eavesdropper(server.EndPoint))
        {
            await NpgsqlAsync(between.EndPoint);
            recorder.Add("postgresql", "npgsql", $"Npgsql 10 and {peer}", between);
        }
    }

    private static string Psql(IPEndPoint at) => $"host=127.0.0.1 port={at.Port} user=shop password=secret dbname=shop";

    private static async Task NpgsqlAsync(IPEndPoint at)
    {
        await using var connection = new NpgsqlConnection(
            PostgreSqlServer.ConnectionString(at, "Pooling=false;ServerCompatibilityMode=NoTypeLoading"));
        await connection.OpenAsync();
        await using (var command = new NpgsqlCommand("SELECT name FROM items WHERE id = $1", connection)
        { Parameters = { new() { Value = 1 } } })
        {
            await command.ExecuteScalarAsync();
            await command.PrepareAsync();
            await command.ExecuteScalarAsync();
            await command.UnprepareAsync();
        }

        await using (var batch = new NpgsqlBatch(connection)
        { BatchCommands = { new("SELECT 1"), new("INSERT INTO items VALUES (3, 'z')"), new("SELECT 2") } })
            await batch.ExecuteNonQueryAsync();
        await using (var writer = await connection.BeginBinaryImportAsync("COPY items FROM STDIN (FORMAT BINARY)"))
        {
            await writer.WriteRowAsync(default, 4, "copied");
            await writer.CompleteAsync();
        }

        await using (var given = await connection.BeginBinaryImportAsync("COPY items FROM STDIN (FORMAT BINARY)"))
            await given.WriteRowAsync(default, 5, "given up");
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await using var wrong = new NpgsqlCommand("SELECT 1/$1", connection, transaction) { Parameters = { new() { Value = 0 } } };
            await Assert.ThrowsAsync<PostgresException>(() => wrong.ExecuteScalarAsync());
            await transaction.RollbackAsync();
        }

        await using var sleeping = new NpgsqlCommand("SELECT pg_sleep(30)", connection);
        var running = sleeping.ExecuteNonQueryAsync();
        await Task.Delay(300);
        sleeping.Cancel();
        await Assert.ThrowsAnyAsync<Exception>(() => running);
        await using (var empty = new NpgsqlCommand(";", connection))
            await empty.ExecuteNonQueryAsync();
        await using (var several = new NpgsqlCommand("SELECT * FROM items", connection))
        await using (var reader = await several.ExecuteReaderAsync(System.Data.CommandBehavior.SingleRow))
            await reader.ReadAsync();
        await using var portal = new NpgsqlBatch(connection)
        {
            BatchCommands = { new("BEGIN"), new("DECLARE c CURSOR FOR SELECT * FROM items"), new("FETCH 1 FROM c"), new("COMMIT") }
        };
        await portal.ExecuteNonQueryAsync();
    }
}
