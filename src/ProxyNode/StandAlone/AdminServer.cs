using System.Net;
using JustRunIt.Hosting.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>
/// Serves a proxy's figures: <c>GET /report</c> as JSON, <c>GET /metrics</c> in Prometheus' text format, and <c>POST /reset</c>.
/// Each asker has a connection of its own; one that is slow, or says nothing, holds up neither the others nor the proxy.
/// </summary>
internal sealed class AdminServer : IAsyncDisposable
{
    private const int MostConnections = 64;
    private const long LongestBody = 1024;

    private readonly WebApplication application;

    private AdminServer(WebApplication application)
    {
        this.application = application;
        var addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        EndPoint = IPEndPoint.Parse(new Uri(addresses.First()).Authority);
    }

    /// <summary>Where it listens; the port is the system's choice where 0 was asked for.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Starts to serve.</summary>
    /// <param name="endPoint">Where.</param>
    /// <param name="report">The figures.</param>
    /// <param name="metrics">The figures in Prometheus' text format.</param>
    /// <param name="reset">Starts the figures anew.</param>
    /// <exception cref="ConfigurationException">The address cannot be listened on.</exception>
    public static async Task<AdminServer> StartAsync(IPEndPoint endPoint, Func<Task<Report>> report, Func<string> metrics, Func<Task> reset)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.Listen(endPoint);
            options.Limits.MaxConcurrentConnections = MostConnections;
            options.Limits.MaxRequestBodySize = LongestBody;
            options.AddServerHeader = false;
        });
        builder.Services.AddRoutingCore();
        var application = builder.Build();
        application.UseRouting();
        application.MapGet("/report", async context => await context.Response.WriteAsJsonAsync(await report(), ReportJson.Default.Report));
        application.MapGet("/metrics", context =>
        {
            context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
            return context.Response.WriteAsync(metrics());
        });
        application.MapPost("/reset", async context =>
        {
            await reset();
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        });
        application.MapFallback(context =>
        {
            context.Response.StatusCode = context.Request.Path.Value is "/report" or "/metrics" or "/reset"
                ? StatusCodes.Status405MethodNotAllowed
                : StatusCodes.Status404NotFound;
            return context.Response.WriteAsync("GET /report, GET /metrics or POST /reset\n");
        });
        try
        {
            await application.StartAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw new ConfigurationException(
                $"command line: --admin: '{endPoint}': {(e.InnerException ?? e).Message}; allowed is a free address of this machine");
        }

        return new AdminServer(application);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        // Nobody who reads slowly holds up the end.
        using var atOnce = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await application.StopAsync(atOnce.Token).ConfigureAwait(false);
        await application.DisposeAsync().ConfigureAwait(false);
    }
}
