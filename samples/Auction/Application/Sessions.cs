using System.Security.Cryptography;
using JustRunIt.Auction.Shared.Contracts;

namespace JustRunIt.Auction.Application;

/// <summary>Who is logged in: a random token in the client's cookie, its owner in the data tier.</summary>
internal sealed class Sessions(DataTier data)
{
    public const string CookieName = "AUCTIONSESSION";

    private const int TokenBytes = 16;

    /// <summary>Starts a session; false when the password is wrong.</summary>
    public async Task<bool> LogInAsync(HttpContext context, string nickname, string password)
    {
        var credentials = await data.CredentialsAsync(nickname);
        if (credentials is null || credentials.PasswordHash != PasswordHash.Of(nickname, password))
            return false;
        var token = RandomNumberGenerator.GetHexString(TokenBytes * 2, lowercase: true);
        await data.PutSessionAsync(token, new SessionOwner(credentials.Id, credentials.Nickname));
        context.Response.Cookies.Append(CookieName, token, new CookieOptions { HttpOnly = true, Path = "/" });
        return true;
    }

    /// <summary>The owner of the request's session; null without one.</summary>
    public Task<SessionOwner?> OwnerAsync(HttpContext context) =>
        context.Request.Cookies.TryGetValue(CookieName, out var token) && token.Length == TokenBytes * 2 && token.All(char.IsAsciiHexDigitLower)
            ? data.SessionAsync(token)
            : Task.FromResult<SessionOwner?>(null);
}
