using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JustRunIt.HostAgent.Tests.Compliance;

/// <summary>
/// Clients that ask a server without a break: some on one connection for good, some on a new one each time that they or the server end,
/// some with a request half sent. Every request must be answered, and a connection that was never closed must stay open.
/// </summary>
internal sealed class Traffic : IAsyncDisposable
{
    private static readonly byte[] Request = Encoding.ASCII.GetBytes("GET /count HTTP/1.1\r\nHost: specimen\r\n\r\n");
    private static readonly byte[] Last = Encoding.ASCII.GetBytes("GET /count HTTP/1.1\r\nHost: specimen\r\nConnection: close\r\n\r\n");
    private static readonly TimeSpan Break = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan HalfWay = TimeSpan.FromMilliseconds(5);

    private readonly IPEndPoint server;
    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private readonly List<string> errors = [];
    private readonly Task clients;
    private TimeSpan longest;

    public Traffic(string endpoint)
    {
        server = IPEndPoint.Parse(endpoint);
        clients = Task.WhenAll(
            Task.Run(() => KeepAskingAsync(halfWay: false)),
            Task.Run(() => KeepAskingAsync(halfWay: true)),
            Task.Run(() => ReconnectAsync(serverEnds: false)),
            Task.Run(() => ReconnectAsync(serverEnds: true)),
            Task.Run(() => ReconnectAsync(serverEnds: true)));
    }

    /// <summary>Answers that came.</summary>
    public int Answered { get; private set; }

    /// <summary>Longest wait for an answer, its connection's opening included.</summary>
    public TimeSpan Longest
    {
        get
        {
            lock (gate)
                return longest;
        }
    }

    /// <summary>Forgets the longest wait; returns it.</summary>
    public TimeSpan TakeLongest()
    {
        lock (gate)
        {
            var taken = longest;
            longest = TimeSpan.Zero;
            return taken;
        }
    }

    /// <summary>What went wrong.</summary>
    public IReadOnlyList<string> Errors
    {
        get
        {
            lock (gate)
                return [.. errors];
        }
    }

    /// <summary>Lets the clients finish what they have begun, and returns what went wrong.</summary>
    public async Task<IReadOnlyList<string>> EndAsync()
    {
        await stop.CancelAsync();
        await clients.WaitAsync(TimeSpan.FromSeconds(60));
        return Errors;
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        stop.Dispose();
    }

    private async Task KeepAskingAsync(bool halfWay)
    {
        using var socket = New();
        try
        {
            await socket.ConnectAsync(server);
            while (!stop.IsCancellationRequested)
            {
                await AskAsync(socket, Request, Stopwatch.GetTimestamp(), halfWay);
                await Task.Delay(Break);
            }
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            Failed($"kept connection{(halfWay ? ", request in two parts" : "")}: {e.Message}");
        }
    }

    private async Task ReconnectAsync(bool serverEnds)
    {
        while (!stop.IsCancellationRequested)
        {
            using var socket = New();
            var isOpen = false;
            try
            {
                var begin = Stopwatch.GetTimestamp();
                using (var patience = new CancellationTokenSource(Patience))
                    await socket.ConnectAsync(server, patience.Token);
                isOpen = true;
                await AskAsync(socket, serverEnds ? Last : Request, begin, halfWay: false);
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
            {
                Failed(
                    $"new connection{(serverEnds ? " that the server ends" : "")}, {(isOpen ? "opened" : "not opened")}: {e.Message}");
            }

            await Task.Delay(Break);
        }
    }

    private async Task AskAsync(Socket socket, byte[] request, long begin, bool halfWay)
    {
        var half = halfWay ? request.Length / 2 : request.Length;
        await socket.SendAsync(request.AsMemory(0, half));
        if (halfWay)
        {
            await Task.Delay(HalfWay);
            await socket.SendAsync(request.AsMemory(half));
        }

        using var patience = new CancellationTokenSource(Patience);
        var reply = new StringBuilder();
        var buffer = new byte[1024];
        while (!IsWhole(reply.ToString()))
        {
            var received = await socket.ReceiveAsync(buffer, patience.Token);
            if (received == 0)
                throw new IOException($"closed by the server after '{reply}'");
            reply.Append(Encoding.ASCII.GetString(buffer, 0, received));
        }

        if (!reply.ToString().StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal))
            throw new IOException(reply.ToString());
        lock (gate)
        {
            Answered++;
            if (Stopwatch.GetElapsedTime(begin) is var took && took > longest)
                longest = took;
        }
    }

    /// <summary>The specimen's replies have a length, or come in chunks.</summary>
    private static bool IsWhole(string reply)
    {
        var end = reply.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
            return false;
        const string field = "Content-Length: ";
        var at = reply.IndexOf(field, StringComparison.OrdinalIgnoreCase);
        return at < 0 || at > end
            ? reply.EndsWith("0\r\n\r\n", StringComparison.Ordinal)
            : reply.Length >= end + 4 + int.Parse(
                reply.AsSpan(at + field.Length, reply.IndexOf('\r', at) - at - field.Length), CultureInfo.InvariantCulture);
    }

    private static Socket New() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private void Failed(string what)
    {
        lock (gate)
            errors.Add(what);
    }
}
