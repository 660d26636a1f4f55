using System.Text.RegularExpressions;
using JustRunIt.Bookstore.Shared.Seeding;
using JustRunIt.Samples.Emulating;

namespace JustRunIt.Bookstore.Emulator;

/// <summary>A client of the bookstore.</summary>
internal sealed partial class BookstoreClient(
    int number, EmulatorOptions options, Statistics statistics) : Client(number, options, statistics)
{
    private const int LargestQuantity = 4;

    private int book = 1;
    private string checkout = "";

    /// <summary>What a client can do.</summary>
    public static IReadOnlyList<string> Interactions { get; } =
        ["home", "new", "best", "search", "book", "cart", "addToCart", "changeCart", "checkout", "order", "orders"];

    /// <inheritdoc />
    protected override async Task InteractAsync(string interaction, CancellationToken stop)
    {
        if (await AskAsync(interaction, stop) is not { } page)
            return;
        book = Browser.Draw(BookLink(), page) ?? book;
        checkout = Checkout().Match(page) is { Success: true } match ? match.Groups[1].Value : checkout;
    }

    private Task<string?> AskAsync(string interaction, CancellationToken stop) => interaction switch
    {
        "home" => Browser.GetAsync("/", stop),
        "new" => Browser.GetAsync($"/new/{Subject()}", stop),
        "best" => Browser.GetAsync($"/best/{Subject()}", stop),
        "search" => Browser.GetAsync($"/search?q={Catalogue.TitleWords[Random.Next(Catalogue.TitleWords.Count)].ToLowerInvariant()}", stop),
        "book" => Browser.GetAsync($"/book/{book}", stop),
        "cart" => Browser.GetAsync("/cart", stop),
        "addToCart" => Browser.PostAsync("/cart", stop, ("book", $"{book}")),
        "changeCart" => Browser.PostAsync("/cart/change", stop, ("book", $"{book}"), ("quantity", $"{Random.Next(LargestQuantity)}")),
        "checkout" => Browser.PostAsync("/checkout", stop),
        "order" => Browser.PostAsync("/order", stop, ("checkout", checkout)),
        "orders" => Browser.GetAsync("/me", stop),
        _ => throw new InvalidOperationException($"No request for {interaction}."),
    };

    private int Subject() => 1 + Random.Next(Catalogue.Subjects.Count);

    [GeneratedRegex("href=\"/book/([0-9]{1,8})\"")]
    private static partial Regex BookLink();

    [GeneratedRegex("name=\"checkout\" value=\"([0-9a-f]+)\"")]
    private static partial Regex Checkout();
}
