using JustRunIt.Auction.Emulator;
using JustRunIt.Auction.Shared.CommandLine;

namespace JustRunIt.Auction.Tests;

/// <summary>The Markov model of what clients do.</summary>
public sealed class MixTests
{
    private static readonly string BiddingMix = Path.Combine(AppContext.BaseDirectory, "bidding-mix.json");

    [Fact]
    public void In_the_long_run_94_percent_of_the_requests_read()
    {
        var longRun = Mix.Read(BiddingMix).LongRun();
        Assert.Equal(1, longRun.Sum(), 9);
        Assert.InRange(Mix.States.Where(state => !Mix.IsWrite(state)).Sum(state => longRun[(int)state]), 0.935, 0.945);
    }

    [Fact]
    public void What_is_drawn_agrees_with_the_model()
    {
        var mix = Mix.Read(BiddingMix);
        var random = new Random(7);
        var state = Interaction.Home;
        const int draws = 200_000;
        var writes = 0;
        for (var i = 0; i < draws; i++)
        {
            state = mix.Next(state, random);
            writes += Mix.IsWrite(state) ? 1 : 0;
        }

        // Four standard errors of a fraction of 0.06 over so many draws, doubled for their dependence.
        Assert.InRange((double)writes / draws, 0.06 - 0.005, 0.06 + 0.005);
    }

    [Theory]
    [InlineData("\"home\":     { \"category\": 0.70", "\"home\":     { \"category\": 0.71", "transitions.home: sums up to 1.01; allowed is 1")]
    [InlineData("\"bid\": 0.71", "\"bids\": 0.71", "transitions.bidForm.bids: unknown; allowed are home, category")]
    public void A_model_that_is_none_is_refused_by_name(string good, string bad, string message)
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, File.ReadAllText(BiddingMix).Replace(good, bad));
        var error = Assert.Throws<UsageException>(() => Mix.Read(file));
        File.Delete(file);
        Assert.Contains(message, error.Message);
    }
}
