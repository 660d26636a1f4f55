using System.Net;
using JustRunIt.Hosting;
using Microsoft.AspNetCore.Http;
using Endpoint = JustRunIt.Hosting.Endpoint;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>
/// Lets in who may read a proxy's figures: over the network whoever has the token, over a Unix socket whoever may open it. A browser
/// is no asker of ours, whatever name a page has given to our address (DNS rebinding): the request's host must be this address, and its
/// origin, where it names one, the same.
/// </summary>
/// <param name="listen">Where is listened.</param>
/// <param name="token">What must be known; null where the socket's mode decides.</param>
internal sealed class AdminGuard(Endpoint listen, AdminToken? token)
{
    /// <summary>Answers for whoever is refused.</summary>
    /// <returns>Whether the request may go on.</returns>
    public async Task<bool> LetsInAsync(HttpContext context)
    {
        if (!IsForUs(context, context.Request.Host))
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "host: another one; allowed is the address that is listened on")
                .ConfigureAwait(false);
            return false;
        }

        if (context.Request.Headers.Origin is { Count: > 0 } origins && !origins.All(origin => IsOurOrigin(context, origin)))
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "origin: another one; allowed is none").ConfigureAwait(false);
            return false;
        }

        if (token?.IsIn(context.Request.Headers.Authorization.ToString()) == false)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"justrunit\"";
            await RefuseAsync(
                context,
                StatusCodes.Status401Unauthorized,
                "authorization: missing or wrong; allowed is Bearer and the word in the proxy's token file").ConfigureAwait(false);
            return false;
        }

        return true;
    }

    private static Task RefuseAsync(HttpContext context, int status, string reason)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(reason + "\n");
    }

    private bool IsOurOrigin(HttpContext context, string? origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttp
        && IsForUs(context, new HostString(uri.Host, uri.Port));

    private bool IsForUs(HttpContext context, HostString host)
    {
        // Whoever asks by a socket writes any name; a browser cannot open one.
        if (listen.UnixPath is not null)
            return true;
        var here = context.Connection.LocalIpAddress?.Unmapped();
        if (here is null || (host.Port ?? 80) != context.Connection.LocalPort)
            return false;
        var name = host.Host.Trim('[', ']');
        return IPAddress.TryParse(name, out var asked)
            ? asked.Equals(here)
            : (IPAddress.IsLoopback(here) && name.Equals("localhost", StringComparison.OrdinalIgnoreCase))
                || name.Equals(Dns.GetHostName(), StringComparison.OrdinalIgnoreCase);
    }
}
