using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace JustRunIt.Samples.Hosting;

/// <summary>Where users log in.</summary>
public static class LogInPage
{
    /// <summary>Adds the page.</summary>
    /// <param name="routes">Of the application.</param>
    /// <param name="site">Name of the sample as its users see it.</param>
    /// <param name="landing">Where a user who has logged in goes on.</param>
    public static void MapLogIn(this IEndpointRouteBuilder routes, string site, string landing)
    {
        routes.MapGet("/login", context => Show(site).ExecuteAsync(context));
        routes.MapPost("/login", async context =>
        {
            var form = await context.Request.ReadFormAsync();
            var sessions = context.RequestServices.GetRequiredService<Sessions>();
            IResult reply = await sessions.LogInAsync(context, form["nickname"].ToString(), form["password"].ToString())
                ? new SeeOther(landing)
                : Show(site, StatusCodes.Status403Forbidden);
            await reply.ExecuteAsync(context);
        });
    }

    /// <summary>The page.</summary>
    public static IResult Show(string site, int status = StatusCodes.Status200OK) =>
        new Html(site, "Log in").Form("/login", "nickname", "password").Result(status);
}
