using System.Net;
using JustRunIt.Samples.Core.CommandLine;
using JustRunIt.Samples.Databases;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace JustRunIt.Samples.Hosting;

/// <summary>The program of a sample's application tier, but for its pages.</summary>
/// <param name="sample">Name of the sample, of its database, and of user and password there.</param>
/// <param name="prepares">Whether its statements are prepared, and stay so for as long as a connection lives.</param>
/// <param name="pages">What it serves.</param>
/// <param name="cheap">The same pages with as little work as possible, for the warm-up: what is to be compiled is the same.</param>
public sealed class ApplicationTier(string sample, bool prepares, ApplicationPages pages, ApplicationPages cheap)
{
    /// <summary>
    /// Rounds of all pages before the tier listens: the second uses what the first has made, such as prepared statements.
    /// </summary>
    private const int WarmUpRounds = 2;

    /// <summary>Warms up, then serves until it is told to end.</summary>
    /// <param name="listen">Where to listen.</param>
    /// <param name="next">The database, or the out-proxy before it.</param>
    public async Task<int> RunAsync(IPEndPoint listen, string next)
    {
        await WarmUpAsync();
        await using var application = Build(pages, listen, next);
        return await TierHost.RunAsync(application, listen);
    }

    /// <summary>The options that every application tier has.</summary>
    public static IReadOnlyList<Option> Options { get; } =
    [
        new Option("--listen", "ADDRESS:PORT", "where to listen", IsRequired: true),
        new Option("--next", "HOST:PORT", "the database, or the out-proxy before it", IsRequired: true),
    ];

    private WebApplication Build(ApplicationPages served, IPEndPoint listen, string next)
    {
        var builder = TierHost.CreateBuilder(listen);
        builder.Services.AddSingleton(_ => DatabaseAddress.Connect(sample, next, keepsState: prepares));
        builder.Services.AddScoped(
            services => new RequestConnection(services.GetRequiredService<MySqlConnector.MySqlDataSource>(), prepares));
        builder.Services.AddSingleton<Counters>();
        builder.Services.AddScoped(
            services => new Sessions(sample, services.GetRequiredService<RequestConnection>(), services.GetRequiredService<Counters>()));
        served.Add(builder.Services);
        var application = builder.Build();
        // Without the database: a clone must become healthy before it has any traffic to answer.
        application.MapGet("/health", () => "ok");
        Counters.Map(application, served.Counts);
        served.Map(application);
        return application;
    }

    /// <summary>
    /// Asks for every page before the tier listens, against a stand-in for the database in this process. All code is then
    /// compiled, so that the first client waits no longer than the last, and a clone answers like its original.
    /// </summary>
    private async Task WarmUpAsync()
    {
        using var database = new DatabaseStandIn(cheap.RowOf);
        var address = FreeAddress();
        await using var application = Build(cheap, address, $"{database.EndPoint}");
        await application.StartAsync();
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
        { BaseAddress = new Uri($"http://{address}") };
        for (var round = 0; round < WarmUpRounds; round++)
            await cheap.VisitAsync(client);
        await application.StopAsync();
    }

    private static IPEndPoint FreeAddress()
    {
        using var socket = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }
}
