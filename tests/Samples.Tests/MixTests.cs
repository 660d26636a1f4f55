using JustRunIt.Auction.Emulator;
using JustRunIt.Bookstore.Emulator;
using JustRunIt.Samples.Core.CommandLine;
using JustRunIt.Samples.Emulating;

namespace JustRunIt.Samples.Tests;

/// <summary>The Markov models of what clients do.</summary>
public sealed class MixTests
{
    [Theory]
    [InlineData("bidding-mix.json", 0.06)]
    [InlineData("shopping-mix.json", 0.20)]
    public void In_the_long_run_so_many_requests_write(string file, double fraction)
    {
        var mix = Read(file);
        Assert.Equal(1, mix.LongRun().Sum(), 9);
        Assert.InRange(mix.WriteFraction, fraction - 0.005, fraction + 0.005);
    }

    [Theory]
    [InlineData("bidding-mix.json")]
    [InlineData("shopping-mix.json")]
    public void What_is_drawn_agrees_with_the_model(string file)
    {
        var mix = Read(file);
        var random = new Random(7);
        var state = mix.States[0];
        const int draws = 200_000;
        var writes = 0;
        for (var i = 0; i < draws; i++)
        {
            state = mix.Next(state, random);
            writes += mix.IsWrite(state) ? 1 : 0;
        }

        // Four standard errors of a fraction of 0.2 over so many draws, and as much again for their dependence.
        Assert.InRange((double)writes / draws, mix.WriteFraction - 0.008, mix.WriteFraction + 0.008);
    }

    [Theory]
    [InlineData(
        "\"home\":     { \"category\": 0.70", "\"home\":     { \"category\": 0.71", "transitions.home: sums up to 1.01; allowed is 1")]
    [InlineData("\"bid\": 0.71", "\"bids\": 0.71", "transitions.bidForm.bids: unknown; allowed are home, category")]
    [InlineData("\"writes\": [\"bid\"", "\"writes\": [\"bids\"", "writes: unknown; allowed are home, category")]
    public void A_model_that_is_none_is_refused_by_name(string good, string bad, string message)
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, File.ReadAllText(InOutput("bidding-mix.json")).Replace(good, bad));
        var error = Assert.Throws<UsageException>(() => Mix.Read(file, AuctionClient.Interactions));
        File.Delete(file);
        Assert.Contains(message, error.Message);
    }

    private static Mix Read(string file) =>
        Mix.Read(InOutput(file), file == "bidding-mix.json" ? AuctionClient.Interactions : BookstoreClient.Interactions);

    private static string InOutput(string file) => Path.Combine(AppContext.BaseDirectory, file);
}
