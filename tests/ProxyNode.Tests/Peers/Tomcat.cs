using System.Net;
using JustRunIt.Infrastructure;

namespace JustRunIt.ProxyNode.Tests.Peers;

/// <summary>Tomcat 10 with an AJP connector.</summary>
internal sealed class Tomcat : IAsyncDisposable
{
    private readonly PeerProcess process;
    private readonly TomcatFolder folder;

    private Tomcat(PeerProcess process, TomcatFolder folder, int port) =>
        (this.process, this.folder, Ajp) = (process, folder, new IPEndPoint(IPAddress.Loopback, port));

    public IPEndPoint Ajp { get; }

    public static async Task<Tomcat> StartAsync()
    {
        var port = FreePorts.Next();
        var folder = new TomcatFolder(
            $"""<Connector protocol="AJP/1.3" address="127.0.0.1" port="{port}" secretRequired="false" allowedRequestAttributesPattern=".*" maxPostSize="-1"/>""");
        var process = await PeerProcess.StartAsync(
            port, TomcatFolder.Program, ["run"], folder.Environment().Select(variable => (variable.Key, variable.Value)));
        return new Tomcat(process, folder, port);
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        folder.Dispose();
    }
}
