using System.Globalization;
using System.Text.RegularExpressions;
using JustRunIt.Auction.Shared.Seeding;
using JustRunIt.Samples.Emulating;

namespace JustRunIt.Auction.Emulator;

/// <summary>A client of the auction.</summary>
internal sealed partial class AuctionClient(
    int number, EmulatorOptions options, Statistics statistics) : Client(number, options, statistics)
{
    private const double HighestRaise = 0.2;

    private readonly int number = number;
    private int item = 1;
    private int category = 1;
    private int user = 1;
    private decimal price = 1;

    /// <summary>What a client can do.</summary>
    public static IReadOnlyList<string> Interactions { get; } =
        ["home", "category", "search", "item", "history", "user", "bidForm", "bid", "account", "sell"];

    /// <inheritdoc />
    protected override async Task InteractAsync(string interaction, CancellationToken stop)
    {
        if (await AskAsync(interaction, stop) is not { } page)
            return;
        item = Browser.Draw(ItemLink(), page) ?? item;
        category = Browser.Draw(CategoryLink(), page) ?? category;
        user = Browser.Draw(UserLink(), page) ?? user;
        if (CurrentPrice().Match(page) is { Success: true } match)
            price = decimal.Parse(match.Groups[1].ValueSpan, NumberStyles.Number, CultureInfo.InvariantCulture);
    }

    private Task<string?> AskAsync(string interaction, CancellationToken stop) => interaction switch
    {
        "home" => Browser.GetAsync("/", stop),
        "category" => Browser.GetAsync($"/category/{category}?page={1 + Random.Next(3)}", stop),
        "search" => Browser.GetAsync($"/search?q={Vocabulary.Common[Random.Next(Vocabulary.NameWords)]}", stop),
        "item" => Browser.GetAsync($"/item/{item}", stop),
        "history" => Browser.GetAsync($"/item/{item}/bids", stop),
        "user" => Browser.GetAsync($"/user/{user}", stop),
        "bidForm" => Browser.GetAsync($"/item/{item}/bid", stop),
        "bid" => Browser.PostAsync($"/item/{item}/bid", stop, ("amount", Raise())),
        "account" => Browser.GetAsync("/me", stop),
        "sell" => Browser.PostAsync(
            "/sell",
            stop,
            ("category", $"{category}"),
            ("name", $"item of client {number}"),
            ("description", Words(20)),
            ("price", "10.00")),
        _ => throw new InvalidOperationException($"No request for {interaction}."),
    };

    private string Raise() => Math.Min(9_000_000, Math.Round(price * (decimal)(1 + (Random.NextDouble() * HighestRaise)), 2) + 0.01m)
        .ToString("0.00", CultureInfo.InvariantCulture);

    private string Words(int count) =>
        string.Join(' ', Enumerable.Range(0, count).Select(_ => Vocabulary.Common[Random.Next(Vocabulary.Common.Count)]));

    [GeneratedRegex("href=\"/item/([0-9]{1,8})\"")]
    private static partial Regex ItemLink();

    [GeneratedRegex("href=\"/category/([0-9]{1,8})\"")]
    private static partial Regex CategoryLink();

    [GeneratedRegex("href=\"/user/([0-9]{1,8})\"")]
    private static partial Regex UserLink();

    [GeneratedRegex("Current price ([0-9.]+)")]
    private static partial Regex CurrentPrice();
}
