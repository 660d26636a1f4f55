using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using JustRunIt.Samples.Core.Seeding;

namespace JustRunIt.Samples.Tests;

/// <summary>The auction as its users see it, through all three tiers.</summary>
public sealed partial class AuctionTests(AuctionTiers tiers) : IClassFixture<AuctionTiers>
{
    [Fact]
    public async Task A_bid_changes_what_later_pages_show_to_others()
    {
        using var bidder = await tiers.LogInAsync(1);
        using var other = await tiers.LogInAsync(2);
        var before = Price(await other.GetStringAsync("/item/7/bid"));
        var bid = (before + 10).ToString("0.00", CultureInfo.InvariantCulture);
        using var reply = await bidder.PostAsync("/item/7/bid", new FormUrlEncodedContent([KeyValuePair.Create("amount", bid)]));
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Equal(before + 10, Price(await other.GetStringAsync("/item/7/bid")));
        Assert.Contains(bid, await other.GetStringAsync("/item/7/bids"));
        Assert.Contains("href=\"/item/7\"", await bidder.GetStringAsync("/me"));
    }

    [Fact]
    public async Task A_session_is_a_cookie_and_without_one_there_is_no_bidding()
    {
        using var stranger = tiers.Browser();
        using var refused = await stranger.GetAsync("/me");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        using var wrong = await stranger.PostAsync("/login", Tiers.Form(("nickname", SeedUser.Nickname(3)), ("password", "wrong")));
        Assert.Equal(HttpStatusCode.Forbidden, wrong.StatusCode);
        using var known = await tiers.LogInAsync(3);
        Assert.Contains(SeedUser.Nickname(3), await known.GetStringAsync("/me"));
    }

    [Fact]
    public async Task What_is_put_up_for_sale_has_a_page_under_the_identifier_that_the_database_gave()
    {
        using var seller = await tiers.LogInAsync(4);
        using var reply = await seller.PostAsync(
            "/sell", Tiers.Form(("category", "1"), ("name", "quaint 'box'"), ("description", "of oak"), ("price", "12.50")));
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        var item = ItemLink().Match(await reply.Content.ReadAsStringAsync()).Value;
        Assert.Contains("quaint &#39;box&#39;", await seller.GetStringAsync(item));
        Assert.Contains(item, await seller.GetStringAsync("/me"));
        using var refused = await seller.PostAsync(
            "/sell", Tiers.Form(("category", "99"), ("name", "x"), ("description", ""), ("price", "1")));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Fact]
    public async Task A_search_finds_items_by_the_words_of_their_names()
    {
        using var browser = tiers.Browser();
        var item = JustRunIt.Auction.Shared.Seeding.SeedItem.Create(1);
        Assert.Contains($">{item.Name}<", await browser.GetStringAsync($"/search?q={item.Name.Replace(' ', '+')}"));
        Assert.DoesNotContain($">{item.Name}<", await browser.GetStringAsync("/search?q=absent"));
    }

    [Fact]
    public async Task The_web_tier_answers_images_itself_and_hands_pages_on()
    {
        using var browser = tiers.Browser();
        using var image = await browser.GetAsync("/static/logo.svg");
        Assert.Equal("image/svg+xml", image.Content.Headers.ContentType?.MediaType);
        Assert.Contains("<h1>", await browser.GetStringAsync("/"));
    }

    [Fact]
    public async Task The_emulator_changes_its_load_while_it_runs_and_makes_no_errors()
    {
        using var emulator = tiers.StartProgram(
            "Emulator", "--target", tiers.Web, "--clients", "2", "--think-time", "20ms", "--users", "20");
        await UntilAsync(line => line.Clients == 2 && line.Requests > 5);
        await emulator.StandardInput.WriteLineAsync("clients 6");
        var more = await UntilAsync(line => line.Clients == 6 && line.Requests > 20);
        await emulator.StandardInput.WriteLineAsync("clients many");
        Assert.StartsWith("standard input: 'clients many' is not allowed;", await emulator.StandardError.ReadLineAsync());
        await emulator.StandardInput.WriteLineAsync("stop");
        await emulator.WaitForExitAsync();
        Assert.Equal(0, emulator.ExitCode);
        Assert.Equal(0, more.Errors);

        async Task<(int Clients, int Requests, int Errors)> UntilAsync(Func<(int Clients, int Requests, int Errors), bool> condition)
        {
            while (await emulator.StandardOutput.ReadLineAsync() is { } text)
            {
                using var json = JsonDocument.Parse(text);
                var line = (Get("clients"), Get("requests"), Get("errors"));
                if (condition(line))
                    return line;
                int Get(string name) => json.RootElement.GetProperty(name).GetInt32();
            }

            throw new InvalidOperationException($"the emulator ended: {await emulator.StandardError.ReadToEndAsync()}");
        }
    }

    [Theory]
    [InlineData("--clients", "-1", "--clients: '-1' is not allowed; a whole number from 0 to 10000 is")]
    [InlineData("--think-time", "5", "--think-time: '5' is not allowed; a number from 0 with ms, s, m or h")]
    [InlineData("--speed", "5", "--speed: unknown option; allowed are --target")]
    public async Task A_bad_option_is_one_line_and_exit_code_2(string option, string value, string message)
    {
        string[] clients = option == "--clients" ? [] : ["--clients", "1"];
        using var emulator = tiers.StartProgram("Emulator", ["--target", tiers.Web, .. clients, option, value]);
        var errors = await emulator.StandardError.ReadToEndAsync();
        await emulator.WaitForExitAsync();
        Assert.Equal(2, emulator.ExitCode);
        Assert.StartsWith(message, errors);
        Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static decimal Price(string page) =>
        decimal.Parse(CurrentPrice().Match(page).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("/item/[0-9]+")]
    private static partial Regex ItemLink();

    [GeneratedRegex("Current price ([0-9.]+)")]
    private static partial Regex CurrentPrice();
}
