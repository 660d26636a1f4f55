using System.Net;
using System.Net.Sockets;
using JustRunIt.HostAgent.Moving;

namespace JustRunIt.HostAgent.Tests;

/// <summary>Whoever may connect to the address at which a receiver is awaited does not keep it from coming, and is told nothing.</summary>
public sealed class TicketTests : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Guid ticket = Guid.NewGuid();
    private readonly List<TcpClient> clients = [];

    public TicketTests() => listener.Start();

    public void Dispose()
    {
        clients.ForEach(client => client.Dispose());
        listener.Dispose();
    }

    [Fact]
    public async Task The_receiver_is_found_among_those_who_say_nothing_or_something_else()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var accepting = Ticket.AcceptAsync(listener, ticket, patience.Token);
        for (var i = 0; i < 40; i++)
            await ConnectAsync();
        await Ticket.SayAsync(await ConnectAsync(), Guid.NewGuid(), patience.Token);
        var receiver = await ConnectAsync();
        await Ticket.SayAsync(receiver, ticket, patience.Token);

        await using var connection = await accepting;

        await connection.WriteAsync("for it alone"u8.ToArray(), patience.Token);
        var heard = new byte[12];
        await receiver.ReadExactlyAsync(heard, patience.Token);
        Assert.Equal("for it alone"u8.ToArray(), heard);
        // Everybody else is closed without a word.
        foreach (var client in clients.SkipLast(1))
            Assert.Equal(0, await ReadAsync(client.GetStream(), patience.Token));
    }

    [Fact]
    public async Task It_is_given_up_when_nobody_says_it()
    {
        using var patience = new CancellationTokenSource();
        var accepting = Ticket.AcceptAsync(listener, ticket, patience.Token);
        await ConnectAsync();
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepting);
    }

    private static async Task<int> ReadAsync(NetworkStream stream, CancellationToken cancellation)
    {
        try
        {
            return await stream.ReadAsync(new byte[1], cancellation);
        }
        catch (IOException)
        {
            // Closed with what it had said still unread.
            return 0;
        }
    }

    private async Task<NetworkStream> ConnectAsync()
    {
        var client = new TcpClient();
        clients.Add(client);
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        return client.GetStream();
    }
}
