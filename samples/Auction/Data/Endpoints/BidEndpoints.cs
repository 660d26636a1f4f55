using JustRunIt.Auction.Data.Storage;
using JustRunIt.Auction.Shared.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace JustRunIt.Auction.Data.Endpoints;

/// <summary>Bids of an item. A bid that comes too late is an outcome, not an error.</summary>
internal static class BidEndpoints
{
    public static void MapBids(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/items/{id:int}/bids", async Task<Results<Ok<BidHistory>, NotFound>> (int id, BidStore store) =>
            await store.HistoryAsync(id) is { } history ? TypedResults.Ok(history) : TypedResults.NotFound());
        routes.MapPost("/items/{id:int}/bids", async Task<Results<Ok<BidOutcome>, NotFound>> (int id, NewBid bid, BidStore store) =>
            await store.PlaceAsync(id, bid) is { } outcome ? TypedResults.Ok(outcome) : TypedResults.NotFound());
    }
}
