using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace JustRunIt.Samples.Hosting;

/// <summary>Passes page requests on to the application tier.</summary>
internal static class Forwarding
{
    private static readonly string[] ReplyHeaders = ["Location", "Set-Cookie"];

    public static void MapPages(this IEndpointRouteBuilder routes, Uri next)
    {
        var http = NextTier.Connect();
        routes.MapFallback(async context =>
        {
            using var request = new HttpRequestMessage(
                new HttpMethod(context.Request.Method), new Uri(next, context.Request.Path + context.Request.QueryString.Value));
            if (context.Request.Headers.Cookie.Count > 0)
                request.Headers.TryAddWithoutValidation("Cookie", (IEnumerable<string?>)context.Request.Headers.Cookie);
            if (context.Request.ContentLength is { } length)
            {
                request.Content = new StreamContent(context.Request.Body);
                request.Content.Headers.ContentLength = length;
                request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
            }

            using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
            patience.CancelAfter(NextTier.ReplyTimeout);
            try
            {
                using var reply = await http.SendAsync(request, patience.Token);
                context.Response.StatusCode = (int)reply.StatusCode;
                context.Response.ContentType = reply.Content.Headers.ContentType?.ToString();
                context.Response.ContentLength = reply.Content.Headers.ContentLength;
                foreach (var name in ReplyHeaders)
                {
                    if (reply.Headers.TryGetValues(name, out var values))
                        context.Response.Headers[name] = values.ToArray();
                }

                await reply.Content.CopyToAsync(context.Response.Body, patience.Token);
            }
            catch (HttpRequestException) when (!context.Response.HasStarted)
            {
                context.Response.StatusCode = (int)HttpStatusCode.BadGateway;
            }
        });
    }
}
