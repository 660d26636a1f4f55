using System.Net;
using System.Net.Sockets;

namespace JustRunIt.HostAgent.Tests;

/// <summary>Something on the host's loopback address that accepts connections.</summary>
internal sealed class TinyListener : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public TinyListener() => listener.Start();

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public string Address => $"127.0.0.1:{Port}";

    public ValueTask DisposeAsync()
    {
        listener.Dispose();
        return ValueTask.CompletedTask;
    }
}
