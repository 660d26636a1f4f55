using System.Net;
using System.Text.Json;
using JustRunIt.Events.Store.Configuration;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>Serves a proxy's report.</summary>
internal sealed class AdminServer : IDisposable
{
    private readonly HttpListener listener = new();
    private readonly Func<Task<Report>> report;
    private readonly Action reset;

    /// <summary>Starts to serve.</summary>
    /// <exception cref="ConfigurationException">The address cannot be listened on.</exception>
    public AdminServer(IPEndPoint endPoint, Func<Task<Report>> report, Action reset)
    {
        (this.report, this.reset) = (report, reset);
        var host = endPoint.Address.Equals(IPAddress.Any) || endPoint.Address.Equals(IPAddress.IPv6Any) ? "*" : endPoint.Address.ToString();
        listener.Prefixes.Add($"http://{host}:{endPoint.Port}/");
        try
        {
            listener.Start();
        }
        catch (HttpListenerException e)
        {
            throw new ConfigurationException($"command line: --admin: '{endPoint}': {e.Message}; allowed is a free address of this machine");
        }

        _ = ServeAsync();
    }

    /// <inheritdoc />
    public void Dispose() => listener.Close();

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                await AnswerAsync(await listener.GetContextAsync().ConfigureAwait(false)).ConfigureAwait(false);
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException)
            {
                // The asker has left, or the proxy ends.
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        using var reply = context.Response;
        switch (context.Request.HttpMethod, context.Request.Url?.AbsolutePath)
        {
            case ("GET", "/report"):
                reply.ContentType = "application/json";
                await JsonSerializer.SerializeAsync(reply.OutputStream, await report().ConfigureAwait(false), ReportJson.Default.Report).ConfigureAwait(false);
                break;
            case ("POST", "/reset"):
                reset();
                reply.StatusCode = 204;
                break;
            default:
                reply.StatusCode = 404;
                await reply.OutputStream.WriteAsync("GET /report or POST /reset\n"u8.ToArray()).ConfigureAwait(false);
                break;
        }
    }
}
