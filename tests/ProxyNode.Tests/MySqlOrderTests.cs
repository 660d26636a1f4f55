using System.Text;
using JustRunIt.ProxyNode.MySql;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Ordering;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Which statements of MySQL wait for those of other sessions at the clone: whatever their text begins with.</summary>
public sealed class MySqlOrderTests
{
    [Theory]
    [InlineData("SELECT 1", nameof(SqlOrder.Reads))]
    [InlineData("SELECT 1; UPDATE t SET v = 1", nameof(SqlOrder.Ordered))]
    [InlineData("USE b; INSERT INTO t VALUES (';')", nameof(SqlOrder.Ordered))]
    [InlineData("BEGIN; DELETE FROM t; COMMIT", nameof(SqlOrder.Ordered))]
    [InlineData("COMMIT; SELECT 1", nameof(SqlOrder.EndsTransaction))]
    [InlineData("USE b; SELECT 1", nameof(SqlOrder.Reads))]
    [InlineData("SELECT 'a; DELETE FROM t'", nameof(SqlOrder.Reads))]
    [InlineData("/*!40000 INSERT INTO t VALUES (1) */", nameof(SqlOrder.Ordered))]
    [InlineData("BEGIN NOT ATOMIC DELETE FROM t; END", nameof(SqlOrder.Ordered))]
    [InlineData("SET STATEMENT max_statement_time = 1 FOR DELETE FROM t", nameof(SqlOrder.Ordered))]
    [InlineData("SET NAMES utf8mb4", nameof(SqlOrder.Any))]
    [InlineData("SET sql_mode = CONCAT(@@sql_mode, ',ANSI'), @t = NOW()", nameof(SqlOrder.Any))]
    [InlineData("SET @n = (SELECT COUNT(*) FROM t WHERE (v = 1))", nameof(SqlOrder.Reads))]
    [InlineData("SET @n = (SELECT v FROM t LIMIT 1 FOR UPDATE)", nameof(SqlOrder.Ordered))]
    [InlineData("SET @n = routine(1)", nameof(SqlOrder.Ordered))]
    [InlineData("SET @n = `routine`(1)", nameof(SqlOrder.Ordered))]
    [InlineData("SET @n = GET_LOCK('l', 1)", nameof(SqlOrder.Ordered))]
    public void A_statement_waits_for_what_it_may_depend_on(string sql, string expected)
    {
        var shadow = new MySqlShadow(new MySqlDialogue(), ServiceRules.None, new Identities());
        var request = RawMySql.Query(sql);
        Assert.Equal(expected, shadow.OrderOf(request).ToString());
    }
}
