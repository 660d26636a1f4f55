using System.Text.Json;
using System.Text.RegularExpressions;
using JustRunIt.Infrastructure;
using JustRunIt.Infrastructure.Peers;
using Xunit.Abstractions;

namespace JustRunIt.Samples.Tests;

/// <summary>
/// A second application server of each sample behind the proxies, with the rules of the documentation's examples: it gets what
/// the on-line server got, asks what it asked, and answers what it answered.
/// </summary>
public sealed partial class SandboxTests(ITestOutputHelper output)
{
    private const int Users = 3;

    /// <summary>A clone may be late by as much again: its first page takes seconds where others use the processors.</summary>
    private const string TimeShift = "4s";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task The_auctions_clone_does_as_its_original_did()
    {
        var tiers = new AuctionTiers();
        await RunAsync(tiers, "auction-rules.yaml", async (web, user) =>
        {
            using var browser = await tiers.LogInAsync(user, web);
            foreach (var page in new[] { "/", "/category/1", "/search?q=antique", "/item/5", "/user/2", "/item/5/bid", "/me" })
                await browser.GetStringAsync(page);
            var amount = $"{1000 + user}.00";
            using var bid = await browser.PostAsync("/item/5/bid", Tiers.Form(("amount", amount)));
            Assert.Contains("Your bid is the highest", await bid.Content.ReadAsStringAsync());
            using var sold = await browser.PostAsync(
                "/sell", Tiers.Form(("category", "1"), ("name", $"thing {user}"), ("description", "new"), ("price", "1.00")));
            await browser.GetStringAsync(Item().Match(await sold.Content.ReadAsStringAsync()).Value);
            Assert.Contains(amount, await browser.GetStringAsync("/item/5/bids"));
        });
    }

    [Fact]
    public async Task The_bookstores_clone_does_as_its_original_did_with_rules_and_no_code()
    {
        var tiers = new BookstoreTiers();
        await RunAsync(tiers, "bookstore-rules.yaml", async (web, user) =>
        {
            using var browser = await tiers.LogInAsync(user, web);
            foreach (var page in new[] { "/", "/new/3", "/best/3", "/search?q=river", "/book/5", "/cart", "/me" })
                await browser.GetStringAsync(page);
            (await browser.PostAsync("/cart", Tiers.Form(("book", "5")))).Dispose();
            (await browser.PostAsync("/cart/change", Tiers.Form(("book", "5"), ("quantity", "2")))).Dispose();
            using var checkout = await browser.PostAsync("/checkout", Tiers.Form());
            var name = Checkout().Match(await checkout.Content.ReadAsStringAsync()).Groups[1].Value;
            using var order = await browser.PostAsync("/order", Tiers.Form(("checkout", name)));
            Assert.Contains("This is order", await order.Content.ReadAsStringAsync());
            await browser.GetStringAsync("/me");
        });
    }

    private async Task RunAsync(Tiers tiers, string rulesFile, Func<string, int, Task> visit)
    {
        try
        {
            await tiers.InitializeAsync();
            var rules = Path.Combine(Tiers.Repository(), "docs/examples", rulesFile);
            var (record, recordForClone, inProxy, inAdmin, outAdmin) =
                (FreePorts.NextAddress(), FreePorts.NextAddress(), FreePorts.NextAddress(), FreePorts.NextAddress(),
                FreePorts.NextAddress());
            await tiers.StartProxyAsync(
                outAdmin, "--listen", record, "--role", "out", "--protocol", "mysql", "--upstream", tiers.Database,
                "--sandbox", recordForClone, "--time-shift", TimeShift, "--rules", rules);
            var (original, clone) = (await tiers.StartServerAsync(record), await tiers.StartServerAsync(recordForClone));
            await tiers.StartProxyAsync(
                inAdmin, "--listen", inProxy, "--role", "in", "--upstream", original, "--sandbox", clone, "--time-shift", TimeShift,
                "--rules", rules, "--peer", outAdmin);
            // One user after the other, on both sides: which of two equal statements that come at once is whose is chance.
            JsonElement report = default;
            for (var user = 1; user <= Users; user++)
            {
                await visit(inProxy, user);
                report = await ReportAsync(inAdmin);
            }

            var (exact, wildcard) = (Number(report, "matches", "exact"), Number(report, "matches", "wildcard"));
            Assert.True(
                exact > 50 && wildcard > 3 && Number(report, "matches", "nearest") + Number(report, "matches", "missing") == 0,
                $"{report}");
            Assert.True(
                Number(report, "sandbox", "errors") == 0 && Number(report, "live", "requests") == Number(report, "differences", "compared"),
                $"{report}");
            Assert.True(
                new[] { "status", "length", "content" }.All(difference => Number(report, "differences", difference) == 0), $"{report}");
        }
        catch
        {
            output.WriteLine(tiers.LastWords());
            throw;
        }
        finally
        {
            await tiers.DisposeAsync();
        }
    }

    /// <summary>The report when the clone has answered as many requests as the original.</summary>
    private static async Task<JsonElement> ReportAsync(string admin)
    {
        using var http = AdminAccess.Client();
        for (var end = DateTime.UtcNow + Patience; ; await Task.Delay(200))
        {
            using var json = JsonDocument.Parse(await http.GetStringAsync($"http://{admin}/report"));
            var report = json.RootElement.Clone();
            if (Number(report, "sandbox", "requests") >= Number(report, "live", "requests") || DateTime.UtcNow > end)
                return report;
        }
    }

    private static int Number(JsonElement report, string group, string name) => report.GetProperty(group).GetProperty(name).GetInt32();

    [GeneratedRegex("/item/[0-9]+")]
    private static partial Regex Item();

    [GeneratedRegex("name=\"checkout\" value=\"([0-9a-f]+)\"")]
    private static partial Regex Checkout();
}
