using JustRunIt.Auction.Data.Storage;
using JustRunIt.Auction.Shared.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace JustRunIt.Auction.Data.Endpoints;

/// <summary>Users: public page, own page, credentials, registration.</summary>
internal static class UserEndpoints
{
    public static void MapUsers(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/users/{id:int}", async Task<Results<Ok<UserProfile>, NotFound>> (int id, UserStore store) =>
            await store.FindAsync(id) is { } profile ? TypedResults.Ok(profile) : TypedResults.NotFound());
        routes.MapGet("/users/{id:int}/account", async Task<Results<Ok<Account>, NotFound>> (int id, UserStore store) =>
            await store.AccountAsync(id) is { } account ? TypedResults.Ok(account) : TypedResults.NotFound());
        routes.MapGet("/credentials/{nickname}", async Task<Results<Ok<Credentials>, NotFound>> (string nickname, UserStore store) =>
            await store.CredentialsAsync(nickname) is { } credentials ? TypedResults.Ok(credentials) : TypedResults.NotFound());
        routes.MapPost("/users", async Task<Results<Created<Shared.Contracts.Created>, Conflict>> (NewUser user, UserStore store) =>
            await store.AddAsync(user) is { } created ? TypedResults.Created($"/users/{created.Id}", created) : TypedResults.Conflict());
    }
}
