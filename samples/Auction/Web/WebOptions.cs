using System.Net;
using JustRunIt.Auction.Shared.CommandLine;

namespace JustRunIt.Auction.Web;

/// <summary>Command line of the web tier.</summary>
internal sealed record WebOptions(IPEndPoint Listen, Uri Next)
{
    public static readonly CommandLineParser Parser = new(
        "auction-web",
        "web tier of the auction: serves images and styles itself, pages from the application tier",
        [
            new Option("--listen", "ADDRESS:PORT", "where to listen", IsRequired: true),
            new Option("--next", "HOST:PORT", "the application tier, or the in-proxy before it", IsRequired: true),
        ]);

    public static WebOptions From(Arguments arguments) =>
        new(arguments.Endpoint("--listen"), new Uri($"http://{arguments.HostAndPort("--next")}"));
}
