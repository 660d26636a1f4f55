using System.Net;
using JustRunIt.Infrastructure.Peers;

namespace JustRunIt.ProxyNode.Tests.Peers;

/// <summary>A Java program with MariaDB Connector/J: text and prepared statements, batches, cursors, a pool's checks.</summary>
internal static class ConnectorJ
{
    private const string Driver = "/usr/share/java/mariadb-java-client.jar";

    private const string Program = """
        import java.sql.*;

        public class Shop {
            public static void main(String[] a) throws Exception {
                String more = "user=shop&password=secret&allowMultiQueries=true";
                for (String mode : new String[] {
                        "",
                        "&useServerPrepStmts=true&useBulkStmts=true&cachePrepStmts=false",
                        "&useServerPrepStmts=true&useBulkStmts=false&rewriteBatchedStatements=true"}) {
                    try (Connection c = DriverManager.getConnection("jdbc:mariadb://" + a[0] + "/" + a[1] + "?" + more + mode)) {
                        try (Statement s = c.createStatement()) {
                            s.execute("CREATE TABLE IF NOT EXISTS j (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50))");
                            s.execute("DELETE FROM j");
                            s.execute("SELECT 1; SELECT 2");
                            try { s.execute("SELECT nothing"); } catch (SQLException e) { System.out.println("error " + e.getErrorCode()); }
                        }
                        try (PreparedStatement p = c.prepareStatement("INSERT INTO j (name) VALUES (?)")) {
                            for (int i = 0; i < 3; i++) { p.setString(1, "n" + i); p.addBatch(); }
                            p.executeBatch();
                        }
                        c.setAutoCommit(false);
                        try (PreparedStatement p = c.prepareStatement("SELECT name FROM j ORDER BY id")) {
                            p.setFetchSize(1);
                            ResultSet r = p.executeQuery();
                            while (r.next()) System.out.println(r.getString(1));
                        }
                        c.commit();
                        System.out.println(c.isValid(5));
                        c.setCatalog("mysql");
                    }
                }
            }
        }
        """;

    /// <summary>Runs it; what it printed.</summary>
    public static async Task<string> RunAsync(IPEndPoint server, string database)
    {
        var folder = Directory.CreateTempSubdirectory("java-");
        var file = Path.Combine(folder.FullName, "Shop.java");
        await File.WriteAllTextAsync(file, Program);
        try
        {
            return await PeerProcess.RunAsync("java", ["-Xmx64m", "-cp", Driver, file, $"{server.Address}:{server.Port}", database]);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
