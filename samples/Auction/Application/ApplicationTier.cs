using System.Net;
using JustRunIt.Auction.Application.Pages;
using JustRunIt.Auction.Application.Ranking;
using JustRunIt.Auction.Hosting;

namespace JustRunIt.Auction.Application;

/// <summary>The tier as it listens on an address.</summary>
internal static class ApplicationTier
{
    /// <summary>Builds it; it does not listen yet.</summary>
    public static WebApplication Build(IPEndPoint listen, Uri next, Recommender recommender)
    {
        var builder = TierHost.CreateBuilder(listen);
        builder.Services.AddSingleton(recommender);
        builder.Services.AddSingleton(_ => new DataTier(next));
        builder.Services.AddSingleton<Sessions>();
        var application = builder.Build();
        // Without the data tier: a clone must become healthy before it has any traffic to answer.
        application.MapGet("/health", () => "ok");
        application.MapBrowsing();
        application.MapTrading();
        return application;
    }
}
