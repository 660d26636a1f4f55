using System.Net;
using JustRunIt.Auction.Shared.CommandLine;

namespace JustRunIt.Auction.Application;

/// <summary>Command line of the application tier.</summary>
internal sealed record ApplicationOptions(IPEndPoint Listen, Uri Next, int Candidates)
{
    public static readonly CommandLineParser Parser = new(
        "auction-application",
        "application tier of the auction: pages and their recommendations",
        [
            new Option("--listen", "ADDRESS:PORT", "where to listen", IsRequired: true),
            new Option("--next", "HOST:PORT", "the data tier, or the out-proxy before it", IsRequired: true),
            new Option("--candidates", "N", "items among which recommendations are chosen: what a page costs, 100 to 1000000", "4000"),
        ]);

    public static ApplicationOptions From(Arguments arguments) => new(
        arguments.Endpoint("--listen"),
        new Uri($"http://{arguments.HostAndPort("--next")}"),
        arguments.Integer("--candidates", 100, 1_000_000));
}
