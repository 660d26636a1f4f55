using JustRunIt.Auction.Hosting;
using JustRunIt.Auction.Shared.CommandLine;
using JustRunIt.Auction.Web;

return await Entry.RunAsync(args, WebOptions.Parser, async arguments =>
{
    var options = WebOptions.From(arguments);
    var builder = TierHost.CreateBuilder(options.Listen);
    await using var application = builder.Build();
    application.MapGet("/health", () => "ok");
    application.MapAssets();
    application.MapPages(options.Next);
    return await TierHost.RunAsync(application, options.Listen);
});
