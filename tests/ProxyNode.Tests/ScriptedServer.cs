using System.Net;
using System.Net.Sockets;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>A server that does as it is told with each connection, byte for byte, and closes it then.</summary>
internal sealed class ScriptedServer : IDisposable
{
    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ScriptedServer(Func<RawClient, Task> script)
    {
        listener.Bind(Settings.Free);
        listener.Listen();
        _ = ServeAsync(script);
    }

    public IPEndPoint EndPoint => (IPEndPoint)listener.LocalEndPoint!;

    public void Dispose() => listener.Dispose();

    private async Task ServeAsync(Func<RawClient, Task> script)
    {
        try
        {
            while (true)
                _ = ServeAsync(script, RawClient.Of(await listener.AcceptAsync()));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The end of the test.
        }
    }

    private static async Task ServeAsync(Func<RawClient, Task> script, RawClient client)
    {
        using (client)
        {
            try
            {
                await script(client);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // The proxy has left.
            }
        }
    }
}
