using System.Net;
using System.Net.Sockets;
using JustRunIt.Auction.Application.Ranking;
using JustRunIt.Auction.Hosting;
using JustRunIt.Auction.Shared.Contracts;

namespace JustRunIt.Auction.Application;

/// <summary>
/// Asks every page once before the tier listens, against a data tier of this process that holds one item and one user. All
/// code is then compiled, so that the first client waits no longer than the last, and a clone answers like its original.
/// </summary>
internal static class WarmUp
{
    private const int Rounds = 2;
    private const string Nickname = "nobody";
    private const string Password = "none";

    private static readonly string[] s_pages = ["/", "/category/1", "/search?q=antique", "/item/1", "/item/1/bids", "/user/1", "/login", "/me", "/item/1/bid"];

    /// <summary>Does it; has no effect but on time.</summary>
    public static async Task RunAsync(Recommender recommender)
    {
        var dataAddress = FreeAddress();
        await using var data = DataStandIn(dataAddress);
        await data.StartAsync();
        var address = FreeAddress();
        await using var application = ApplicationTier.Build(address, new Uri($"http://{dataAddress}"), recommender);
        await application.StartAsync();
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://{address}") };
        for (var round = 0; round < Rounds; round++)
        {
            await PostAsync(client, "/login", ("nickname", Nickname), ("password", Password));
            foreach (var page in s_pages)
                await client.GetStringAsync(page);
            await PostAsync(client, "/item/1/bid", ("amount", "1.00"));
            await PostAsync(client, "/sell", ("category", "1"), ("name", "nothing"), ("description", "none"), ("price", "1.00"));
        }

        await application.StopAsync();
        await data.StopAsync();
    }

    private static async Task PostAsync(HttpClient client, string path, params (string Name, string Value)[] form)
    {
        var content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        using var reply = await client.PostAsync(path, content);
        await reply.Content.ReadAsStringAsync();
    }

    private static WebApplication DataStandIn(IPEndPoint listen)
    {
        var item = new ItemSummary(1, "nothing", 100, 1);
        var user = new UserSummary(1, Nickname);
        var bid = new Bid(user, 100, DateTimeOffset.UnixEpoch);
        var profile = new UserProfile(1, Nickname, "North", 0, [item]);
        var details = new ItemDetails(1, "nothing", "antique restored", new Category(1, "Art"), user, 100, 1, DateTimeOffset.UnixEpoch, [bid]);
        var application = TierHost.CreateBuilder(listen, AuctionJson.Default).Build();
        application.MapGet("/categories", () => TypedResults.Ok(new[] { new Category(1, "Art") }));
        application.MapGet("/items/popular", () => TypedResults.Ok(new[] { item }));
        application.MapGet("/categories/1/items", () => TypedResults.Ok(new ItemPage("Art", 1, true, [item])));
        application.MapGet("/search", () => TypedResults.Ok(new ItemPage("Found", 1, true, [item])));
        application.MapGet("/items/1", () => TypedResults.Ok(details));
        application.MapGet("/items/1/bids", () => TypedResults.Ok(new BidHistory(1, "nothing", 100, [bid])));
        application.MapPost("/items/1/bids", (NewBid _) => TypedResults.Ok(new BidOutcome(true, 100)));
        application.MapPost("/items", (NewItem _) => TypedResults.Ok(new Created(1)));
        application.MapGet("/users/1", () => TypedResults.Ok(profile));
        application.MapGet("/users/1/account", () => TypedResults.Ok(new Account(profile, [item])));
        application.MapGet($"/credentials/{Nickname}", () => TypedResults.Ok(new Credentials(1, Nickname, PasswordHash.Of(Nickname, Password))));
        application.MapGet("/sessions/{id}", (string id) => TypedResults.Ok(new SessionOwner(1, Nickname)));
        application.MapPut("/sessions/{id}", (string id, SessionOwner _) => TypedResults.NoContent());
        return application;
    }

    private static IPEndPoint FreeAddress()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }
}
