using JustRunIt.Auction.Data;
using JustRunIt.Auction.Data.Endpoints;
using JustRunIt.Auction.Data.Storage;
using JustRunIt.Auction.Hosting;
using JustRunIt.Auction.Shared.CommandLine;
using JustRunIt.Auction.Shared.Contracts;
using Npgsql;

return await Entry.RunAsync(args, DataOptions.Parser, async arguments =>
{
    var options = DataOptions.From(arguments);
    NpgsqlDataSource database;
    try
    {
        database = await Database.OpenAsync(options);
    }
    catch (NpgsqlException problem)
    {
        await Console.Error.WriteLineAsync($"--database: {problem.Message}");
        return 1;
    }

    await using (database)
    {
        var builder = TierHost.CreateBuilder(options.Listen, AuctionJson.Default);
        builder.Services.AddSingleton(database);
        builder.Services.AddSingleton<ItemStore>();
        builder.Services.AddSingleton<BidStore>();
        builder.Services.AddSingleton<UserStore>();
        builder.Services.AddSingleton<SessionStore>();
        await using var application = builder.Build();
        application.MapHealth();
        application.MapItems();
        application.MapBids();
        application.MapUsers();
        application.MapSessions();
        return await TierHost.RunAsync(application, options.Listen);
    }
});
