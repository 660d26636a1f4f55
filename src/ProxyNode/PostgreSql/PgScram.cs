using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>The client's side of SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677).</summary>
internal sealed class PgScram(string password)
{
    /// <summary>Its name.</summary>
    public const string Mechanism = "SCRAM-SHA-256";

    private readonly string nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));

    /// <summary>The first message; the user is the one of the start-up message.</summary>
    public string First => $"n,,{Bare}";

    private string Bare => $"n=,r={nonce}";

    /// <summary>The final message, in answer to the server's first.</summary>
    /// <exception cref="ProtocolException">The server's message is none of SCRAM, or not in answer to ours.</exception>
    public string Final(string serverFirst)
    {
        var fields = serverFirst.Split(',').Where(field => field.Length > 2).ToDictionary(field => field[0], field => field[2..]);
        if (!fields.TryGetValue('r', out var serverNonce) || !serverNonce.StartsWith(nonce, StringComparison.Ordinal)
            || !fields.TryGetValue('s', out var salt) || !fields.TryGetValue('i', out var iterations))
            throw new ProtocolException("the clone's SCRAM message cannot be read");
        var salted = Rfc2898DeriveBytes.Pbkdf2(
            password, Convert.FromBase64String(salt), int.Parse(iterations, CultureInfo.InvariantCulture), HashAlgorithmName.SHA256, 32);
        var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        var withoutProof = $"c=biws,r={serverNonce}";
        var signature = HMACSHA256.HashData(SHA256.HashData(clientKey), Encoding.UTF8.GetBytes($"{Bare},{serverFirst},{withoutProof}"));
        return $"{withoutProof},p={Convert.ToBase64String([.. clientKey.Zip(signature, (a, b) => (byte)(a ^ b))])}";
    }
}
