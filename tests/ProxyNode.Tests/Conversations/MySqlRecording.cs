using System.Net;
using JustRunIt.Infrastructure.Peers;
using JustRunIt.Infrastructure.Sources;
using JustRunIt.ProxyNode.Tests.Peers;
using MySqlConnector;

namespace JustRunIt.ProxyNode.Tests.Conversations;

/// <summary>What the MariaDB client, MySqlConnector and Connector/J say to MariaDB.</summary>
internal static class MySqlRecording
{
    public static async Task RecordAsync(VectorRecorder recorder)
    {
        await using var server = await LocalMariaDb.StartAsync();
        var peer = "MariaDB 10.11";
        using (var between = new Eavesdropper(server.EndPoint))
        {
            await PeerProcess.RunAsync(
                "mariadb",
                [
                    "--no-defaults",
                    "-h127.0.0.1",
                    $"-P{between.EndPoint.Port}",
                    "-ushop",
                    "-psecret",
                    "--skip-ssl",
                    "-N",
                    "--force",
                    "--auto-rehash",
                    "shop"
                ],
                "CREATE TABLE items (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50), price INT);\nINSERT INTO items (name, price) "
                    + "VALUES ('a', 1), ('b', 2);\nuse shop;\nSELECT * FROM items;\nSELECT nothing;\nstatus;\nSHOW WARNINGS;\n");
            recorder.Add("mysql", "mariadb-client", $"mariadb 10.11 and {peer}", between);
        }

        using (var between = new Eavesdropper(server.EndPoint))
        {
            await MySqlConnectorAsync(between.EndPoint);
            recorder.Add("mysql", "mysqlconnector", $"MySqlConnector 2.6 and {peer}", between);
        }

        using (var between = new Eavesdropper(server.EndPoint))
        {
            await PeerProcess.RunAsync("php", ["-r", Php, "--", $"{between.EndPoint.Port}"]);
            recorder.Add("mysql", "php-mysqli", $"PHP 8.2 with mysqli and {peer}", between);
        }

        using (var between = new Eavesdropper(server.EndPoint))
        {
            await ConnectorJ.RunAsync(between.EndPoint, "shop");
            recorder.Add("mysql", "connector-j", $"MariaDB Connector/J 2.7 and {peer}", between);
        }
    }

    /// <summary>Cursors, parameters in pieces, a change of user, statistics.</summary>
    private const string Php = """
        mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
        $c = new mysqli('127.0.0.1', 'shop', 'secret', 'shop', (int) $argv[1]);
        $s = $c->prepare('SELECT id, name FROM items ORDER BY id');
        $s->attr_set(MYSQLI_STMT_ATTR_CURSOR_TYPE, MYSQLI_CURSOR_TYPE_READ_ONLY);
        $s->execute(); $s->bind_result($id, $name); while ($s->fetch()); $s->close();
        $s = $c->prepare('INSERT INTO items (name, price) VALUES (?, ?)');
        $s->bind_param('bi', $blob, $price); $price = 5; $s->send_long_data(0, 'in '); $s->send_long_data(0, 'pieces');
        $s->execute(); $s->reset(); $s->close();
        $c->multi_query('SELECT 1; SELECT 2; DELETE FROM items WHERE id > 2');
        do { if ($r = $c->store_result()) $r->free(); } while ($c->more_results() && $c->next_result());
        $c->stat(); $c->select_db('shop'); $c->change_user('shop', 'secret', 'shop');
        try { $c->query('SELECT nothing'); } catch (Exception $e) {}
        $c->close();
        """;

    private static async Task MySqlConnectorAsync(IPEndPoint at)
    {
        await using var connection = new MySqlConnection(MariaDbServer.ConnectionString(at, "Pooling=false;AllowUserVariables=true"));
        await connection.OpenAsync();
        await using (var command = new MySqlCommand("SELECT name FROM items WHERE id = @id", connection))
        {
            command.Parameters.AddWithValue("@id", 1);
            await command.PrepareAsync();
            await command.ExecuteScalarAsync();
            command.Parameters[0].Value = 2;
            await command.ExecuteScalarAsync();
        }

        await using (var command = new MySqlCommand(
            "SELECT 1; SELECT 2; INSERT INTO items (name, price) VALUES ('c', 3); SELECT LAST_INSERT_ID()", connection))
            await command.ExecuteNonQueryAsync();
        await using (var command = new MySqlCommand("SELECT * FROM nowhere", connection))
            await Assert.ThrowsAsync<MySqlException>(() => command.ExecuteScalarAsync());
        await using (var command = new MySqlCommand("INSERT INTO items (name, price) VALUES (@name, 1)", connection))
        {
            command.Parameters.AddWithValue("@name", "prepared");
            await command.PrepareAsync();
            await command.ExecuteNonQueryAsync();
        }

        await connection.PingAsync();
        await connection.ChangeDatabaseAsync("mysql");
        await connection.ChangeDatabaseAsync("shop");
        await connection.ResetConnectionAsync();
    }
}
