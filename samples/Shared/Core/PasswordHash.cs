using System.Security.Cryptography;
using System.Text;

namespace JustRunIt.Samples.Core;

/// <summary>Hash of a password.</summary>
public static class PasswordHash
{
    // Few, because a login has to cost about as much CPU as any other page of the samples.
    private const int Iterations = 2_000;

    /// <summary>
    /// PBKDF2-HMAC-SHA-256 in hexadecimal, salted with service and nickname instead of at random: the same registration must lead
    /// to the same request to the next tier, or it could not be found in a recording.
    /// </summary>
    public static string Of(string service, string nickname, string password) => Convert.ToHexStringLower(
        Rfc2898DeriveBytes.Pbkdf2(password, Encoding.UTF8.GetBytes($"{service}:{nickname}"), Iterations, HashAlgorithmName.SHA256, 32));
}
