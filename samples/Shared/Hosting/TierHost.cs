using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Samples.Hosting;

/// <summary>A quiet web host that reads nothing but what it is told: no configuration files, no file watching, HTTP/1.1 only.</summary>
public static class TierHost
{
    /// <summary>A builder with Kestrel, routing and warnings on the console.</summary>
    public static WebApplicationBuilder CreateBuilder(IPEndPoint listen)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;
            kestrel.Listen(listen, endpoint => endpoint.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddRoutingCore();
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(o => o.SingleLine = true);
        return builder;
    }

    /// <summary>Runs until the process is told to end. Exit code 0, or 1 with one line when the address is not available.</summary>
    public static async Task<int> RunAsync(WebApplication application, IPEndPoint listen)
    {
        try
        {
            await application.StartAsync();
        }
        catch (IOException problem)
        {
            await Console.Error.WriteLineAsync($"--listen: cannot listen on {listen}: {problem.Message}");
            return 1;
        }

        await application.WaitForShutdownAsync();
        return 0;
    }
}
