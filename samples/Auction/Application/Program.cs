using JustRunIt.Auction.Application.Pages;
using JustRunIt.Auction.Application.Ranking;
using JustRunIt.Samples.Core.CommandLine;
using JustRunIt.Samples.Hosting;

const int Least = 100;
var parser = new CommandLineParser(
    "auction-application",
    "application tier of the auction: pages and their recommendations",
    [
        .. ApplicationTier.Options,
        new Option("--candidates", "N", "items among which recommendations are chosen: what a page costs, 100 to 1000000", "4000"),
    ]);
return await Entry.RunAsync(args, parser, arguments =>
{
    var recommender = new Recommender(arguments.Integer("--candidates", Least, 1_000_000));
    var tier = new ApplicationTier("auction", prepares: false, new AuctionPages(recommender), new AuctionPages(new Recommender(Least)));
    return tier.RunAsync(arguments.Endpoint("--listen"), arguments.HostAndPort("--next"));
});
