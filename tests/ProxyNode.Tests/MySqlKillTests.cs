using System.Text;
using JustRunIt.ProxyNode.MySql;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// However a client names a connection by the number that the on-line server has given it: the clone hears its own number of the same
/// connection, or nothing.
/// </summary>
public sealed class MySqlKillTests
{
    private const string Dump = "PREPARE k FROM 'KILL 7'; SET @k = 'kill 7'; PREPARE v FROM @k; PREPARE s FROM 'SELECT 1'; "
        + "PREPARE c FROM CONCAT('KILL ', 7)";

    private readonly Identities identities = new();
    private readonly MySqlKill kill;
    private readonly MySqlSession session = new();

    public MySqlKillTests()
    {
        kill = new MySqlKill(identities);
        kill.Pair(original: 7, clone: 31);
        kill.Pair(original: 8, clone: 7);
        session.LogsIn(new MySqlLogin(0, 0, 45, "shop", "shop"));
        session.Execute(Encoding.UTF8.GetBytes(Dump));
    }

    [Theory]
    [InlineData("KILL 7", "KILL 31")]
    [InlineData("kIlL 8;", "kIlL 7;")]
    [InlineData("KILL CONNECTION 7", "KILL CONNECTION 31")]
    [InlineData("KILL QUERY 7", "KILL QUERY 31")]
    [InlineData("KILL HARD CONNECTION 7", "KILL HARD CONNECTION 31")]
    [InlineData("KILL\tSOFT\nQUERY\r\n7", "KILL\tSOFT\nQUERY\r\n31")]
    [InlineData("KILL /* 9 */ 7 -- 9", "KILL /* 9 */ 31 -- 9")]
    [InlineData("/* 9 */ KILL/**/7", "/* 9 */ KILL/**/31")]
    [InlineData("# 9\nKILL 7", "# 9\nKILL 31")]
    [InlineData("-- 9\nKILL 7", "-- 9\nKILL 31")]
    [InlineData("/*!50000 KILL 7 */", "/*!50000 KILL 31 */")]
    [InlineData("KILL /*!50000 QUERY */ 7", "KILL /*!50000 QUERY */ 31")]
    [InlineData("KILL (7)", "KILL (31)")]
    [InlineData("SELECT 7; KILL 7; KILL QUERY 8", "SELECT 7; KILL 31; KILL QUERY 7")]
    [InlineData("SELECT 'KILL 7; '; KILL 7", "SELECT 'KILL 7; '; KILL 31")]
    [InlineData("CALL mysql.rds_kill(7)", "CALL mysql.rds_kill(31)")]
    [InlineData("SET STATEMENT max_statement_time=7 FOR KILL 7", "SET STATEMENT max_statement_time=7 FOR KILL 31")]
    [InlineData(
        "SELECT 7 FROM information_schema.processlist WHERE id = 7 AND time > 7",
        "SELECT 7 FROM information_schema.processlist WHERE id = 31 AND time > 7")]
    [InlineData(
        "SELECT * FROM information_schema.PROCESSLIST p WHERE p.`ID` NOT IN (7, 8, 9) OR 7 <> p.id",
        "SELECT * FROM information_schema.PROCESSLIST p WHERE p.`ID` NOT IN (31, 7, 9) OR 31 <> p.id")]
    [InlineData(
        "SELECT name FROM performance_schema.threads WHERE PROCESSLIST_ID=7",
        "SELECT name FROM performance_schema.threads WHERE PROCESSLIST_ID=31")]
    [InlineData(
        "SELECT * FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = 7 OR id = 7",
        "SELECT * FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = 31 OR id = 7")]
    [InlineData("EXPLAIN FOR CONNECTION 7", "EXPLAIN FOR CONNECTION 31")]
    [InlineData("SHOW EXPLAIN FOR 7", "SHOW EXPLAIN FOR 31")]
    // No number of a connection is in these.
    [InlineData("SELECT 'KILL 7'", "SELECT 'KILL 7'")]
    [InlineData("SELECT kill_count FROM t WHERE id = 7", "SELECT kill_count FROM t WHERE id = 7")]
    [InlineData("KILL CONNECTION_ID()", "KILL CONNECTION_ID()")]
    [InlineData("KILL QUERY @@pseudo_thread_id", "KILL QUERY @@pseudo_thread_id")]
    [InlineData("CREATE PROCEDURE p() BEGIN SELECT 1; KILL 7; END", "CREATE PROCEDURE p() BEGIN SELECT 1; KILL 7; END")]
    [InlineData("EXECUTE s", "EXECUTE s")]
    [InlineData("SHOW PROCESSLIST", "SHOW PROCESSLIST")]
    [InlineData("DROP TABLE IF EXISTS kill_7", "DROP TABLE IF EXISTS kill_7")]
    public void A_connection_that_is_known_has_the_clones_number(string online, string clone)
    {
        Assert.Null(WhyNot(online));
        Assert.Equal(RawMySql.Query(clone), kill.Rewrite(RawMySql.Query(online), session.Dialect).ToArray());
    }

    [Theory]
    [InlineData("KILL 9")]
    [InlineData("KILL QUERY 99999999999999999999")]
    [InlineData("KILL 7.0")]
    [InlineData("KILL 0x7")]
    [InlineData("KILL '7'")]
    [InlineData("KILL 7 + 1")]
    [InlineData("KILL @victim")]
    [InlineData("KILL CONNECTION_ID() - 1")]
    [InlineData("KILL (SELECT MAX(id) FROM information_schema.processlist)")]
    [InlineData("KILL QUERY ID 7")]
    [InlineData("KILL USER shop")]
    [InlineData("KILL HARD QUERY USER 'shop'@'%'")]
    [InlineData("kill soft user shop")]
    [InlineData("-- 7\nKILL 9")]
    [InlineData("SELECT 1; /* */ KiLl\n9")]
    [InlineData("SELECT 'it''s'; KILL 9")]
    [InlineData("SELECT `a\\`; KILL 9; -- `")]
    [InlineData("/*!50000 KILL */ 9")]
    [InlineData("CALL mysql.rds_kill_query_id(7)")]
    [InlineData("CALL mysql.rds_kill(@victim)")]
    [InlineData("CALL az_kill(9)")]
    [InlineData("EXECUTE k")]
    [InlineData("execute V")]
    [InlineData("EXECUTE c")]
    [InlineData("EXECUTE IMMEDIATE 'KILL 7'")]
    [InlineData("EXECUTE IMMEDIATE CONCAT('KILL ', ?) USING 7")]
    [InlineData("EXECUTE IMMEDIATE @k")]
    [InlineData("BEGIN NOT ATOMIC KILL 7; END")]
    [InlineData("SET STATEMENT max_statement_time = 1 FOR KILL 9")]
    public void A_connection_that_is_not_known_is_not_hit(string online) =>
        Assert.StartsWith("KILL", WhyNot(online)!.Replace("a text that is executed, and that may be a ", "", StringComparison.Ordinal));

    [Theory]
    [InlineData("SHUTDOWN")]
    [InlineData("/* end */ shutdown WAIT FOR ALL SLAVES")]
    [InlineData("SELECT 1; Restart")]
    public void The_clone_is_not_ended_with_the_server(string online) => Assert.Equal("SHUTDOWN", WhyNot(online));

    [Theory]
    [InlineData("KILL ?", false)]
    [InlineData("KILL 7", false)]
    [InlineData("KILL CONNECTION_ID()", true)]
    [InlineData("SELECT * FROM information_schema.processlist WHERE id = ?", true)]
    public void What_was_prepared_has_the_originals_number(string sql, bool isRepeated) => Assert.Equal(
        isRepeated, kill.WhyNot(MySqlCommand.StatementExecute, Encoding.UTF8.GetBytes(sql), session) is null);

    [Fact]
    public void The_command_of_the_protocol_has_it_too()
    {
        byte[] online = [5, 0, 0, 0, (byte)MySqlCommand.ProcessKill, 7, 0, 0, 0];
        Assert.Equal((byte[])[5, 0, 0, 0, (byte)MySqlCommand.ProcessKill, 31, 0, 0, 0], kill.Rewrite(online, session.Dialect).ToArray());
    }

    [Fact]
    public void A_number_that_a_clone_has_given_out_anew_is_no_longer_the_one_of_before()
    {
        // The clone was started anew: its next connection is another one's.
        kill.Pair(original: 12, clone: 31);
        Assert.NotNull(WhyNot("KILL 7"));
        Assert.Equal(RawMySql.Query("KILL 31"), kill.Rewrite(RawMySql.Query("KILL 12"), session.Dialect).ToArray());
        kill.Pair(original: 7, clone: 32);
        Assert.Equal(RawMySql.Query("KILL 32"), kill.Rewrite(RawMySql.Query("KILL 7"), session.Dialect).ToArray());
    }

    private string? WhyNot(string sql) => kill.WhyNot(MySqlCommand.Query, Encoding.UTF8.GetBytes(sql), session);
}
