using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace JustRunIt.Samples.Hosting;

/// <summary>
/// What an application server remembers of its own life, in memory alone: a server started afresh begins at nothing, a live clone
/// goes on from where its original was. <c>GET /counters</c> tells.
/// </summary>
public sealed class Counters
{
    /// <summary>So many sessions are told apart; then the count begins anew, so that memory stays bounded.</summary>
    private const int MaximumSessions = 100_000;

    private const string Address = "/counters";

    private readonly ConcurrentDictionary<string, bool> sessions = new();
    private long pages;
    private long logIns;

    /// <summary>Counts every page but this one, and the health check.</summary>
    /// <param name="application">With this as a service.</param>
    /// <param name="more">What the pages of a sample count besides.</param>
    public static void Map(WebApplication application, Func<IReadOnlyDictionary<string, long>> more)
    {
        application.Use(next => context =>
        {
            if (context.Request.Path.Value is not (Address or "/health"))
                Interlocked.Increment(ref Of(context).pages);
            return next(context);
        });
        application.MapGet(Address, context =>
        {
            var counters = Of(context);
            var all = new Dictionary<string, long>(more())
            {
                ["pages"] = Interlocked.Read(ref counters.pages),
                ["logIns"] = Interlocked.Read(ref counters.logIns),
                ["sessions"] = counters.sessions.Count,
            };
            return context.Response.WriteAsJsonAsync(all);
        });
    }

    /// <summary>A user has logged in here.</summary>
    public void LoggedIn() => Interlocked.Increment(ref logIns);

    /// <summary>A request came with a session.</summary>
    public void Saw(string session)
    {
        if (sessions.Count >= MaximumSessions)
            sessions.Clear();
        sessions.TryAdd(session, true);
    }

    private static Counters Of(HttpContext context) => context.RequestServices.GetRequiredService<Counters>();
}
