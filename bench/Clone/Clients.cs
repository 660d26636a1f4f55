using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JustRunIt.Bench.Clone;

/// <summary>Two clients that ask all the time, one on an open connection, one on a new one for each request.</summary>
internal sealed class Clients : IAsyncDisposable
{
    private static readonly TimeSpan Think = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(500);
    private static readonly byte[] Request = Encoding.ASCII.GetBytes("GET /touch HTTP/1.1\r\nHost: specimen\r\n\r\n");

    private readonly CancellationTokenSource end = new();
    private readonly IPEndPoint server;
    private readonly Task open;
    private readonly Task @new;
    private long longestOnOpen;
    private long longestOnNew;

    private Clients(IPEndPoint server)
    {
        this.server = server;
        open = OnOpenAsync();
        @new = OnNewAsync();
    }

    /// <summary>Lets them ask until both are warm; what they saw until then does not count.</summary>
    public static async Task<Clients> StartAsync(string endpoint)
    {
        var clients = new Clients(IPEndPoint.Parse(endpoint));
        await Task.Delay(Settle);
        Interlocked.Exchange(ref clients.longestOnOpen, 0);
        Interlocked.Exchange(ref clients.longestOnNew, 0);
        return clients;
    }

    /// <summary>Ends them; the longest that each had to wait.</summary>
    public async Task<(TimeSpan Open, TimeSpan New)> EndAsync()
    {
        await end.CancelAsync();
        await Task.WhenAll(open, @new);
        return (Stopwatch.GetElapsedTime(0, longestOnOpen), Stopwatch.GetElapsedTime(0, longestOnNew));
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        end.Dispose();
    }

    private async Task OnOpenAsync()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server);
        while (!end.IsCancellationRequested)
        {
            var begin = Stopwatch.GetTimestamp();
            await AskAsync(socket);
            longestOnOpen = Math.Max(longestOnOpen, Stopwatch.GetTimestamp() - begin);
            await Task.Delay(Think);
        }
    }

    private async Task OnNewAsync()
    {
        while (!end.IsCancellationRequested)
        {
            var begin = Stopwatch.GetTimestamp();
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(server);
            await AskAsync(socket);
            longestOnNew = Math.Max(longestOnNew, Stopwatch.GetTimestamp() - begin);
            await Task.Delay(Think);
        }
    }

    /// <summary>The reply is one small packet; whatever it is, it has come.</summary>
    private static async Task AskAsync(Socket socket)
    {
        var buffer = new byte[4096];
        await socket.SendAsync(Request);
        if (await socket.ReceiveAsync(buffer) == 0)
            throw new InvalidOperationException("the original closed a connection while it was cloned");
    }
}
