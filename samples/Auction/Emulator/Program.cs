using JustRunIt.Auction.Emulator;
using JustRunIt.Samples.Emulating;

return await EmulatorProgram.RunAsync(
    args,
    "auction",
    "bidding-mix.json",
    AuctionClient.Interactions,
    (number, options, statistics) => new AuctionClient(number, options, statistics));
