using System.Security.Cryptography;
using JustRunIt.Samples.Core;
using JustRunIt.Samples.Databases;
using Microsoft.AspNetCore.Http;

namespace JustRunIt.Samples.Hosting;

/// <summary>
/// Who is logged in: a random token in the client's cookie, its owner in the database, so that any application server can answer.
/// </summary>
/// <param name="sample">Names the sample: its cookie, and the salt of its passwords.</param>
/// <param name="database">With the tables of <see cref="UserSeeder"/>.</param>
/// <param name="counters">Hear of log-ins and sessions.</param>
public sealed class Sessions(string sample, RequestConnection database, Counters counters)
{
    private const int TokenBytes = 16;

    /// <summary>A random name: of a session, or of a form.</summary>
    public static string Token() => RandomNumberGenerator.GetHexString(TokenBytes * 2, lowercase: true);

    /// <summary>Starts a session; false when the password is wrong.</summary>
    public async Task<bool> LogInAsync(HttpContext context, string nickname, string password)
    {
        var known = await database.FindAsync(
            "SELECT id, password_hash FROM users WHERE nickname = ?",
            row => new { Id = row.GetInt32(0), Hash = row.GetString(1) }, nickname);
        if (known is null || known.Hash != PasswordHash.Of(sample, nickname, password))
            return false;
        var token = Token();
        await database.ExecuteAsync(
            "INSERT INTO sessions (id, user_id, nickname, created_at) VALUES (?, ?, ?, NOW())", token, known.Id, nickname);
        counters.LoggedIn();
        context.Response.Cookies.Append($"{sample.ToUpperInvariant()}SESSION", token, new CookieOptions { HttpOnly = true, Path = "/" });
        return true;
    }

    /// <summary>The owner of the request's session; null without one.</summary>
    public async Task<Owner?> OwnerAsync(HttpContext context)
    {
        if (!context.Request.Cookies.TryGetValue($"{sample.ToUpperInvariant()}SESSION", out var token)
            || token.Length != TokenBytes * 2 || !token.All(char.IsAsciiHexDigitLower))
            return null;
        var owner = await database.FindAsync(
            "SELECT user_id, nickname FROM sessions WHERE id = ?", row => new Owner(row.GetInt32(0), row.GetString(1)), token);
        if (owner is not null)
            counters.Saw(token);
        return owner;
    }

    /// <summary>Whom a session belongs to.</summary>
    public sealed record Owner(int UserId, string Nickname);
}
