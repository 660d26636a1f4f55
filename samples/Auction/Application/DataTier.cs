using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using JustRunIt.Auction.Hosting;
using JustRunIt.Auction.Shared.Contracts;

namespace JustRunIt.Auction.Application;

/// <summary>The interface of the data tier. Null where it says that there is no such thing.</summary>
internal sealed class DataTier(Uri root) : IDisposable
{
    private readonly HttpMessageInvoker http = NextTier.Connect();

    public async Task<Category[]> CategoriesAsync() => (await GetAsync("/categories", AuctionJson.Default.CategoryArray))!;

    public async Task<ItemSummary[]> PopularAsync() => (await GetAsync("/items/popular", AuctionJson.Default.ItemSummaryArray))!;

    public Task<ItemPage?> CategoryAsync(int id, int page) => GetAsync($"/categories/{id}/items?page={page}", AuctionJson.Default.ItemPage);

    public Task<ItemPage?> SearchAsync(string query, int page) =>
        GetAsync($"/search?q={Uri.EscapeDataString(query)}&page={page}", AuctionJson.Default.ItemPage);

    public Task<ItemDetails?> ItemAsync(int id) => GetAsync($"/items/{id}", AuctionJson.Default.ItemDetails);

    public Task<BidHistory?> BidsAsync(int itemId) => GetAsync($"/items/{itemId}/bids", AuctionJson.Default.BidHistory);

    public Task<UserProfile?> UserAsync(int id) => GetAsync($"/users/{id}", AuctionJson.Default.UserProfile);

    public Task<Account?> AccountAsync(int userId) => GetAsync($"/users/{userId}/account", AuctionJson.Default.Account);

    public Task<Credentials?> CredentialsAsync(string nickname) =>
        GetAsync($"/credentials/{Uri.EscapeDataString(nickname)}", AuctionJson.Default.Credentials);

    public Task<SessionOwner?> SessionAsync(string id) => GetAsync($"/sessions/{id}", AuctionJson.Default.SessionOwner);

    public async Task PutSessionAsync(string id, SessionOwner owner) =>
        (await SendAsync(HttpMethod.Put, $"/sessions/{id}", JsonContent.Create(owner, AuctionJson.Default.SessionOwner))).Dispose();

    public Task<BidOutcome?> BidAsync(int itemId, NewBid bid) =>
        PostAsync($"/items/{itemId}/bids", JsonContent.Create(bid, AuctionJson.Default.NewBid), AuctionJson.Default.BidOutcome);

    public Task<Created?> SellAsync(NewItem item) =>
        PostAsync("/items", JsonContent.Create(item, AuctionJson.Default.NewItem), AuctionJson.Default.Created);

    public void Dispose() => http.Dispose();

    private async Task<T?> GetAsync<T>(string path, JsonTypeInfo<T> type)
        where T : class
    {
        using var reply = await SendAsync(HttpMethod.Get, path, null);
        return await ReadAsync(reply, type);
    }

    private async Task<T?> PostAsync<T>(string path, HttpContent content, JsonTypeInfo<T> type)
        where T : class
    {
        using var reply = await SendAsync(HttpMethod.Post, path, content);
        return await ReadAsync(reply, type);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content)
    {
        // With its length known a body travels in one piece and not in chunks.
        if (content is not null)
            await content.LoadIntoBufferAsync();
        using var request = new HttpRequestMessage(method, new Uri(root, path)) { Content = content };
        using var patience = new CancellationTokenSource(NextTier.ReplyTimeout);
        return await http.SendAsync(request, patience.Token);
    }

    private static async Task<T?> ReadAsync<T>(HttpResponseMessage reply, JsonTypeInfo<T> type)
        where T : class
    {
        if (reply.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest)
            return null;
        reply.EnsureSuccessStatusCode();
        return await reply.Content.ReadFromJsonAsync(type);
    }
}
