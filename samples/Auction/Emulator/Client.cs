using System.Globalization;
using System.Text.RegularExpressions;
using JustRunIt.Auction.Shared.Seeding;

namespace JustRunIt.Auction.Emulator;

/// <summary>
/// One emulated client: a session of its own with a cookie, one request at a time, think times between (closed loop). It
/// follows links of the pages that it sees.
/// </summary>
internal sealed partial class Client(int number, EmulatorOptions options, Mix mix, Func<TimeSpan> thinkTime, Statistics statistics)
{
    private const double HighestRaise = 0.2;

    private readonly Random random = new(unchecked((options.Seed * 1_000_003) + number));
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, MaxConnectionsPerServer = 1 })
    {
        BaseAddress = options.Target,
        Timeout = TimeSpan.FromSeconds(30),
    };

    private int item = 1;
    private int category = 1;
    private int user = 1;
    private decimal price = 1;

    /// <summary>Logs in and goes from page to page until told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using (http)
        {
            try
            {
                while (!await LogInAsync(stop))
                    await ThinkAsync(stop);
                for (var state = Interaction.Home; ; state = mix.Next(state, random))
                {
                    await InteractAsync(state, stop);
                    await ThinkAsync(stop);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // Told to stop.
            }
        }
    }

    private async Task<bool> LogInAsync(CancellationToken stop)
    {
        var who = 1 + (number % options.Users);
        return await RequestAsync(HttpMethod.Post, "/login", stop, ("nickname", SeedUser.Nickname(who)), ("password", SeedUser.Password(who))) is not null;
    }

    private Task<string?> InteractAsync(Interaction interaction, CancellationToken stop) => interaction switch
    {
        Interaction.Home => RequestAsync(HttpMethod.Get, "/", stop),
        Interaction.Category => RequestAsync(HttpMethod.Get, $"/category/{category}?page={1 + random.Next(3)}", stop),
        Interaction.Search => RequestAsync(HttpMethod.Get, $"/search?q={Vocabulary.Common[random.Next(Vocabulary.Common.Count)]}", stop),
        Interaction.Item => RequestAsync(HttpMethod.Get, $"/item/{item}", stop),
        Interaction.History => RequestAsync(HttpMethod.Get, $"/item/{item}/bids", stop),
        Interaction.User => RequestAsync(HttpMethod.Get, $"/user/{user}", stop),
        Interaction.BidForm => RequestAsync(HttpMethod.Get, $"/item/{item}/bid", stop),
        Interaction.Bid => RequestAsync(HttpMethod.Post, $"/item/{item}/bid", stop, ("amount", Raise())),
        Interaction.Account => RequestAsync(HttpMethod.Get, "/me", stop),
        Interaction.Sell => RequestAsync(
            HttpMethod.Post, "/sell", stop, ("category", Text(category)), ("name", $"item of client {number}"), ("description", Words(20)), ("price", "10.00")),
        _ => throw new InvalidOperationException($"No request for {interaction}."),
    };

    private async Task<string?> RequestAsync(HttpMethod method, string path, CancellationToken stop, params (string Name, string Value)[] form)
    {
        var begin = TimeProvider.System.GetTimestamp();
        try
        {
            using var request = new HttpRequestMessage(method, path);
            if (form.Length > 0)
                request.Content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value)));
            using var reply = await http.SendAsync(request, stop);
            var page = await reply.Content.ReadAsStringAsync(stop);
            statistics.Add(TimeProvider.System.GetElapsedTime(begin), isError: (int)reply.StatusCode >= 400);
            if ((int)reply.StatusCode >= 400)
                return null;
            FollowLinks(page);
            return page;
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            statistics.Add(TimeProvider.System.GetElapsedTime(begin), isError: true);
            return null;
        }
    }

    private void FollowLinks(string page)
    {
        item = Draw(ItemLink(), page) ?? item;
        category = Draw(CategoryLink(), page) ?? category;
        user = Draw(UserLink(), page) ?? user;
        if (CurrentPrice().Match(page) is { Success: true } match)
            price = decimal.Parse(match.Groups[1].ValueSpan, NumberStyles.Number, CultureInfo.InvariantCulture);
    }

    private int? Draw(Regex link, string page)
    {
        var matches = link.Matches(page);
        return matches.Count == 0 ? null : int.Parse(matches[random.Next(matches.Count)].Groups[1].ValueSpan, CultureInfo.InvariantCulture);
    }

    private string Raise() => Math.Min(9_000_000, Math.Round(price * (decimal)(1 + (random.NextDouble() * HighestRaise)), 2) + 0.01m)
        .ToString("0.00", CultureInfo.InvariantCulture);

    private string Words(int count) => string.Join(' ', Enumerable.Range(0, count).Select(_ => Vocabulary.Common[random.Next(Vocabulary.Common.Count)]));

    private Task ThinkAsync(CancellationToken stop) => Task.Delay(-Math.Log(1 - random.NextDouble()) * thinkTime(), stop);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex("href=\"/item/([0-9]{1,8})\"")]
    private static partial Regex ItemLink();

    [GeneratedRegex("href=\"/category/([0-9]{1,8})\"")]
    private static partial Regex CategoryLink();

    [GeneratedRegex("href=\"/user/([0-9]{1,8})\"")]
    private static partial Regex UserLink();

    [GeneratedRegex("Current price ([0-9.]+)")]
    private static partial Regex CurrentPrice();
}
