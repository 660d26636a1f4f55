using JustRunIt.Auction.Data.Storage;
using Npgsql;

namespace JustRunIt.Auction.Data.Endpoints;

/// <summary>Usable means: the database answers. It was created and seeded before the tier began to listen.</summary>
internal static class HealthEndpoint
{
    public static void MapHealth(this IEndpointRouteBuilder routes) => routes.MapGet("/health", async (NpgsqlDataSource database) =>
    {
        try
        {
            await database.ExecuteAsync("SELECT 1");
            return Results.Text("ok");
        }
        catch (NpgsqlException)
        {
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    });
}
