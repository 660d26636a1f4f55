using JustRunIt.Auction.Data.Storage;
using JustRunIt.Auction.Shared.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace JustRunIt.Auction.Data.Endpoints;

/// <summary>Categories, items, search.</summary>
internal static class ItemEndpoints
{
    public static void MapItems(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/categories", async (ItemStore store) => TypedResults.Ok(await store.CategoriesAsync()));
        routes.MapGet("/items/popular", async (ItemStore store) => TypedResults.Ok(await store.PopularAsync()));
        routes.MapGet("/categories/{id:int}/items", async Task<Results<Ok<ItemPage>, NotFound>> (int id, int? page, ItemStore store) =>
            await store.InCategoryAsync(id, Bounded(page)) is { } items ? TypedResults.Ok(items) : TypedResults.NotFound());
        routes.MapGet("/search", async (string q, int? page, ItemStore store) => TypedResults.Ok(await store.SearchAsync(q, Bounded(page))));
        routes.MapGet("/items/{id:int}", async Task<Results<Ok<ItemDetails>, NotFound>> (int id, ItemStore store) =>
            await store.FindAsync(id) is { } item ? TypedResults.Ok(item) : TypedResults.NotFound());
        routes.MapPost("/items", async Task<Results<Created<Shared.Contracts.Created>, BadRequest>> (NewItem item, ItemStore store) =>
            await store.AddAsync(item) is { } created ? TypedResults.Created($"/items/{created.Id}", created) : TypedResults.BadRequest());
    }

    private static int Bounded(int? page) => Math.Clamp(page ?? 1, 1, Paging.LastPage);
}
