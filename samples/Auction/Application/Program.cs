using JustRunIt.Auction.Application;
using JustRunIt.Auction.Application.Ranking;
using JustRunIt.Auction.Hosting;
using JustRunIt.Auction.Shared.CommandLine;

return await Entry.RunAsync(args, ApplicationOptions.Parser, async arguments =>
{
    var options = ApplicationOptions.From(arguments);
    var recommender = new Recommender(options.Candidates);
    await WarmUp.RunAsync(recommender);
    await using var application = ApplicationTier.Build(options.Listen, options.Next, recommender);
    return await TierHost.RunAsync(application, options.Listen);
});
