using System.Net;
using System.Text.RegularExpressions;

namespace JustRunIt.Samples.Tests;

/// <summary>The bookstore as its users see it, through all three tiers.</summary>
public sealed partial class BookstoreTests(BookstoreTiers tiers) : IClassFixture<BookstoreTiers>
{
    [Fact]
    public async Task What_is_put_into_the_cart_is_ordered_and_sold_once()
    {
        using var customer = await tiers.LogInAsync(1);
        var sold = Sold(await customer.GetStringAsync("/book/7"));
        await PostAsync(customer, "/cart", ("book", "7"));
        await PostAsync(customer, "/cart", ("book", "9"));
        Assert.Contains("× 3", WebUtility.HtmlDecode(await PostAsync(customer, "/cart/change", ("book", "7"), ("quantity", "3"))));
        Assert.DoesNotContain("× 1", WebUtility.HtmlDecode(await PostAsync(customer, "/cart/change", ("book", "9"), ("quantity", "0"))));
        var checkout = Checkout().Match(await PostAsync(customer, "/checkout")).Groups[1].Value;
        var order = OrderNumber().Match(await PostAsync(customer, "/order", ("checkout", checkout))).Groups[1].Value;
        Assert.NotEmpty(order);
        Assert.Equal(sold + 3, Sold(await customer.GetStringAsync("/book/7")));
        Assert.Contains($"Order {order}", await customer.GetStringAsync("/me"));
        Assert.DoesNotContain("This is order", await PostAsync(customer, "/order", ("checkout", checkout)));
        Assert.Contains("There is nothing in it", await customer.GetStringAsync("/cart"));
    }

    [Fact]
    public async Task A_cart_is_its_users_own_on_any_connection()
    {
        using var first = await tiers.LogInAsync(2);
        using var second = await tiers.LogInAsync(2);
        using var other = await tiers.LogInAsync(3);
        await PostAsync(first, "/cart", ("book", "11"));
        Assert.Contains("href=\"/book/11\"", await second.GetStringAsync("/cart"));
        Assert.Contains("There is nothing in it", await other.GetStringAsync("/cart"));
    }

    [Fact]
    public async Task Without_a_session_there_is_no_cart()
    {
        using var stranger = tiers.Browser();
        using var refused = await stranger.GetAsync("/cart");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Contains("Customers also bought", await stranger.GetStringAsync("/search?q=river"));
    }

    [Theory]
    [InlineData("book", "seven", "quantity", "1", "book: &#39;seven&#39; is not allowed")]
    [InlineData("book", "7", "quantity", "100", "quantity: &#39;100&#39; is not allowed; 0 to 99 is")]
    public async Task What_is_no_number_is_refused_by_name(string first, string book, string second, string quantity, string message)
    {
        using var customer = await tiers.LogInAsync(4);
        using var reply = await customer.PostAsync("/cart/change", Tiers.Form((first, book), (second, quantity)));
        Assert.Equal(HttpStatusCode.BadRequest, reply.StatusCode);
        Assert.Contains(message, await reply.Content.ReadAsStringAsync());
    }

    private static async Task<string> PostAsync(HttpClient browser, string path, params (string Name, string Value)[] fields)
    {
        using var reply = await browser.PostAsync(path, Tiers.Form(fields));
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        return await reply.Content.ReadAsStringAsync();
    }

    private static int Sold(string page) => int.Parse(SoldCount().Match(page).Groups[1].Value);

    [GeneratedRegex("([0-9]+) sold")]
    private static partial Regex SoldCount();

    [GeneratedRegex("This is order ([0-9]+)")]
    private static partial Regex OrderNumber();

    [GeneratedRegex("name=\"checkout\" value=\"([0-9a-f]+)\"")]
    private static partial Regex Checkout();
}
