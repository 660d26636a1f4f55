using System.Net;
using System.Net.Sockets;
using JustRunIt.Infrastructure.Peers;

namespace JustRunIt.Infrastructure.Tests;

/// <summary>A server that is started for a test is ready when it has answered, and not before.</summary>
public sealed class PeerProcessTests
{
    [Fact]
    public async Task A_server_is_asked_until_it_answers()
    {
        var asked = 0;
        await using var peer = await PeerProcess.StartAsync("sleep", ["1h"], _ =>
            ++asked < 4 ? throw new InvalidOperationException("the database system is starting up") : Task.CompletedTask);
        Assert.Equal(4, asked);
    }

    [Fact]
    public async Task A_server_that_has_ended_is_told_with_its_last_words_even_if_another_answers()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => PeerProcess.StartAsync("sh", [
            "-c", "echo no room >&2; exit 3"
        ], async _ =>
        {
            await Task.Delay(50);
            throw new InvalidOperationException("nobody there");
        }));
        Assert.StartsWith("sh has ended: ", error.Message);
        Assert.Contains("no room", error.Message);
    }

    [Fact]
    public async Task An_open_port_answers_no_question()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var at = (IPEndPoint)listener.LocalEndpoint;
        Func<CancellationToken, Task>[] questions =
        [
            Questions.Http($"http://{at}/"),
            Questions.Ajp(at),
            // Both libraries wait for their own time-out, too, once they are connected.
            cancellation => LocalPostgreSql.ExecuteAsync(
                $"Host=127.0.0.1;Port={at.Port};Username=u;Pooling=false;Timeout=1", "SELECT 1", cancellation),
            cancellation => LocalMariaDb.ExecuteAsync(
                $"Server=127.0.0.1;Port={at.Port};User ID=u;Pooling=false;Connection Timeout=1", "SELECT 1", cancellation),
        ];
        foreach (var question in questions)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            await Assert.ThrowsAnyAsync<Exception>(() => question(limit.Token));
        }
    }
}
