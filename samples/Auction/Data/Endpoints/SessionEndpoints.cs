using JustRunIt.Auction.Data.Storage;
using JustRunIt.Auction.Shared.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace JustRunIt.Auction.Data.Endpoints;

/// <summary>Sessions, by the identifier in the client's cookie.</summary>
internal static class SessionEndpoints
{
    public static void MapSessions(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/sessions/{id}", async Task<Results<Ok<SessionOwner>, NotFound>> (string id, SessionStore store) =>
            await store.FindAsync(id) is { } owner ? TypedResults.Ok(owner) : TypedResults.NotFound());
        routes.MapPut("/sessions/{id}", async (string id, SessionOwner owner, SessionStore store) =>
        {
            await store.PutAsync(id, owner);
            return TypedResults.NoContent();
        });
        routes.MapDelete("/sessions/{id}", async (string id, SessionStore store) =>
        {
            await store.RemoveAsync(id);
            return TypedResults.NoContent();
        });
    }
}
