using JustRunIt.Auction.Application;
using JustRunIt.Auction.Application.Pages;
using JustRunIt.Auction.Application.Ranking;
using JustRunIt.Auction.Hosting;
using JustRunIt.Auction.Shared.CommandLine;

return await Entry.RunAsync(args, ApplicationOptions.Parser, async arguments =>
{
    var options = ApplicationOptions.From(arguments);
    var recommender = new Recommender(options.Candidates);
    // Compiled before the first request needs it.
    recommender.Recommend("antique", 1);
    var builder = TierHost.CreateBuilder(options.Listen);
    builder.Services.AddSingleton(recommender);
    builder.Services.AddSingleton(new DataTier(options.Next));
    builder.Services.AddSingleton<Sessions>();
    await using var application = builder.Build();
    // Without the data tier: a clone must become healthy before it has any traffic to answer.
    application.MapGet("/health", () => "ok");
    application.MapBrowsing();
    application.MapTrading();
    return await TierHost.RunAsync(application, options.Listen);
});
