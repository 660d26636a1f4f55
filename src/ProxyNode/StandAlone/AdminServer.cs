using System.Net;
using System.Net.Sockets;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Files;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Endpoint = JustRunIt.Hosting.Endpoint;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>
/// Serves a proxy's figures to whoever may read them (<see cref="AdminGuard"/>): <c>GET /report</c> as JSON, <c>GET
/// /metrics</c> in Prometheus' text format, <c>POST /reset</c>, and <c>POST /rules</c>, which reads the rules again.
/// Each asker has a connection of its own; one that is slow, or says nothing, holds up neither the others nor the proxy.
/// </summary>
internal sealed class AdminServer : IAsyncDisposable
{
    private const int MostConnections = 64;
    private const long LongestBody = 1024;

    private readonly WebApplication application;

    private AdminServer(WebApplication application, Endpoint listen)
    {
        this.application = application;
        var addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        Address = listen.UnixPath is null ? Endpoint.Of(IPEndPoint.Parse(new Uri(addresses.First()).Authority)) : listen;
    }

    /// <summary>Where it listens; the port is the system's choice where 0 was asked for.</summary>
    public Endpoint Address { get; }

    /// <summary>Starts to serve.</summary>
    /// <param name="listen">Where.</param>
    /// <param name="token">What askers over the network must know.</param>
    /// <param name="report">The figures.</param>
    /// <param name="metrics">The figures in Prometheus' text format.</param>
    /// <param name="reset">Starts the figures anew.</param>
    /// <param name="readRules">Reads the rules again; says what was read.</param>
    /// <exception cref="ConfigurationException">The address cannot be listened on.</exception>
    public static async Task<AdminServer> StartAsync(
        Endpoint listen, AdminToken? token, Func<Task<Report>> report, Func<string> metrics, Func<Task> reset, Func<string> readRules)
    {
        if (listen.UnixPath is null && token is null)
            throw new ConfigurationException($"command line: --admin-token: missing; allowed is a file, where --admin is '{listen}'");
        RemoveLeft(listen);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            if (listen.UnixPath is { } path)
                options.ListenUnixSocket(path);
            else
                options.Listen(listen.Ip!);
            options.Limits.MaxConcurrentConnections = MostConnections;
            options.Limits.MaxRequestBodySize = LongestBody;
            options.AddServerHeader = false;
        });
        builder.Services.AddRoutingCore();
        var application = builder.Build();
        var guard = new AdminGuard(listen, listen.UnixPath is null ? token : null);
        application.Use(async (context, next) =>
        {
            if (await guard.LetsInAsync(context))
                await next(context);
        });
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
        application.MapPost("/rules", async context =>
        {
            context.Response.ContentType = "text/plain; charset=utf-8";
            try
            {
                await context.Response.WriteAsync(readRules() + "\n");
            }
            catch (ConfigurationException e)
            {
                context.Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
                await context.Response.WriteAsync(e.Message + "\n");
            }
        });
        application.MapFallback(context =>
        {
            context.Response.StatusCode = context.Request.Path.Value is "/report" or "/metrics" or "/reset" or "/rules"
                ? StatusCodes.Status405MethodNotAllowed
                : StatusCodes.Status404NotFound;
            return context.Response.WriteAsync("GET /report, GET /metrics, POST /reset or POST /rules\n");
        });
        try
        {
            await application.StartAsync().ConfigureAwait(false);
            if (listen.UnixPath is { } socket)
                OwnerOnly.Tighten(socket);
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw new ConfigurationException(
                $"command line: --admin: '{listen}': {(e.InnerException ?? e).Message}; allowed is a free address of this machine, or "
                + "unix:PATH");
        }

        return new AdminServer(application, listen);
    }

    /// <summary>What a proxy that was killed has left: a socket that nobody listens on.</summary>
    private static void RemoveLeft(Endpoint listen)
    {
        if (listen.UnixPath is not { } path || !Path.Exists(path))
            return;
        try
        {
            using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused
            && File.GetAttributes(path).HasFlag(FileAttributes.Normal) && new FileInfo(path).Length == 0)
        {
            File.Delete(path);
        }
        catch (SocketException)
        {
            // Somebody else's, or no socket: binding says so.
        }
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
