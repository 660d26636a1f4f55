using System.Net;

namespace JustRunIt.Infrastructure.Peers;

/// <summary>A private Tomcat 10 with an AJP connector.</summary>
public sealed class LocalTomcat : IAsyncDisposable
{
    private readonly PeerProcess process;
    private readonly TomcatFolder folder;

    private LocalTomcat(PeerProcess process, TomcatFolder folder, IPEndPoint ajp)
    {
        this.process = process;
        this.folder = folder;
        Ajp = ajp;
    }

    /// <summary>Where its connector listens.</summary>
    public IPEndPoint Ajp { get; }

    /// <summary>Starts one in a folder of its own, and waits until it has answered a probe.</summary>
    /// <param name="prepare">Adds to its folder before it starts.</param>
    /// <param name="javaOptions">Options for Java besides.</param>
    public static async Task<LocalTomcat> StartAsync(Action<TomcatFolder>? prepare = null, string javaOptions = "")
    {
        var ajp = new IPEndPoint(IPAddress.Loopback, FreePorts.Next());
        var folder = new TomcatFolder(TomcatFolder.AjpConnector(ajp));
        prepare?.Invoke(folder);
        var environment = folder.Environment(javaOptions).Select(variable => (variable.Key, variable.Value));
        var process = await PeerProcess.StartAsync(TomcatFolder.Program, ["run"], Questions.Ajp(ajp), environment).ConfigureAwait(false);
        return new LocalTomcat(process, folder, ajp);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync().ConfigureAwait(false);
        folder.Dispose();
    }
}
