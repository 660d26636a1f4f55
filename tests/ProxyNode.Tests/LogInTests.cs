using JustRunIt.ProxyNode.MySql;
using JustRunIt.ProxyNode.PostgreSql;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>What a proxy hears itself while it logs in to a clone, which may say anything.</summary>
public sealed class LogInTests
{
    [Fact]
    public Task A_mysql_packet_longer_than_any_of_a_log_in_is_not_waited_for() =>
        RefusedAsync([0xff, 0xff, 0xff, 0], clone => MySqlPacket.ReceiveAsync(MySqlPacket.Open(clone)), "MySQL message of 16777215 bytes");

    [Fact]
    public Task A_postgresql_message_longer_than_any_of_a_log_in_is_not_waited_for() =>
        RefusedAsync(
            [(byte)'R', 0x7f, 0xff, 0xff, 0xff],
            clone => PgMessage.ReceiveAsync(PgMessage.Open(clone)),
            "PostgreSQL message of 2147483643 bytes");

    [Fact]
    public async Task A_clone_that_leaves_within_a_message_is_an_error()
    {
        var (clone, peer) = await LoopPair.OpenAsync();
        using (clone)
        {
            using (peer)
                await peer.SendAsync(new byte[] { 5, 0, 0, 0, 10 });
            var left = await Assert.ThrowsAsync<ProtocolException>(() => MySqlPacket.ReceiveAsync(MySqlPacket.Open(clone)));
            Assert.Equal("the peer has left during a MySQL log-in", left.Message);
        }
    }

    private static async Task RefusedAsync<T>(byte[] said, Func<Sockets.LoopSocket, Task<T>> receive, string why)
    {
        var (clone, peer) = await LoopPair.OpenAsync();
        using (clone)
        using (peer)
        {
            await peer.SendAsync(said);
            var refused = await Assert.ThrowsAsync<ProtocolException>(() => receive(clone));
            Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        }
    }
}
