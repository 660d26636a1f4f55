using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// A log-in at a PostgreSQL server. The password itself is not kept: what went to and fro tells whether another one is the same
/// (RFC 5802 §3, and the manual's "Message Flow").
/// </summary>
/// <param name="User">Who.</param>
/// <param name="Kind">How the server wanted the password.</param>
internal sealed record PgLogIn(string User, PgLogIn.Way Kind) : LogIn(User)
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    /// <summary>How a server asks.</summary>
    internal enum Way
    {
        /// <summary>It does not.</summary>
        None,

        /// <summary>For the password.</summary>
        ClearText,

        /// <summary>For a hash of it, its user and a salt.</summary>
        Md5,

        /// <summary>SCRAM-SHA-256.</summary>
        Scram,

        /// <summary>In a way that cannot be repeated, such as Kerberos.</summary>
        Other,
    }

    /// <summary>
    /// Clear text: what becomes of the password under this process' key. MD5: the client's answer. SCRAM: the client's proof.
    /// </summary>
    public byte[] Proof { get; init; } = [];

    /// <summary>MD5: of the server. SCRAM: of the user's password.</summary>
    public byte[] Salt { get; init; } = [];

    /// <summary>SCRAM: rounds of hashing.</summary>
    public int Iterations { get; init; }

    /// <summary>SCRAM: what client and server have signed.</summary>
    public string Signed { get; init; } = "";

    /// <summary>A password as it may be kept.</summary>
    public static byte[] Kept(ReadOnlySpan<byte> password) => HMACSHA256.HashData(Key, password);

    /// <summary>A SCRAM log-in; null when its messages cannot be read.</summary>
    /// <param name="user">Who.</param>
    /// <param name="clientFirst">The client's first message.</param>
    /// <param name="serverFirst">The server's first message.</param>
    /// <param name="clientFinal">The client's last message.</param>
    public static PgLogIn? OfScram(string user, string clientFirst, string serverFirst, string clientFinal)
    {
        var bare = clientFirst.IndexOf("n=", StringComparison.Ordinal);
        var proof = clientFinal.LastIndexOf(",p=", StringComparison.Ordinal);
        var fields = serverFirst.Split(',');
        var salt = fields.FirstOrDefault(field => field.StartsWith("s=", StringComparison.Ordinal));
        var iterations = fields.FirstOrDefault(field => field.StartsWith("i=", StringComparison.Ordinal));
        if (bare < 0 || proof < 0 || salt is null || iterations is null
            || !int.TryParse(iterations[2..], CultureInfo.InvariantCulture, out var rounds) || rounds < 1)
            return null;
        try
        {
            return new PgLogIn(user, Way.Scram)
            {
                Salt = Convert.FromBase64String(salt[2..]),
                Iterations = rounds,
                Signed = $"{clientFirst[bare..]},{serverFirst},{clientFinal[..proof]}",
                Proof = Convert.FromBase64String(clientFinal[(proof + 3)..]),
            };
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>MD5: whether it is the answer that the server was given to the same salt.</summary>
    public bool IsAnswer(ReadOnlySpan<byte> said) => CryptographicOperations.FixedTimeEquals(said, Proof);

    /// <summary>Whether it is the password with which the server let the user in.</summary>
    public bool IsPassword(byte[] password) => Kind switch
    {
        Way.None => true,
        Way.ClearText => CryptographicOperations.FixedTimeEquals(Kept(password), Proof),
        Way.Scram => IsProven(password) || IsProven(Normalized(password)),
        _ => false,
    };

    /// <summary>The form that clients bring a password into before they hash it (RFC 4013, normalized only).</summary>
    private static byte[] Normalized(byte[] password) =>
        Ascii.IsValid(password) ? password : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(password).Normalize(NormalizationForm.FormKC));

    private bool IsProven(byte[] password)
    {
        var clientKey = HMACSHA256.HashData(
            Rfc2898DeriveBytes.Pbkdf2(password, Salt, Iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes), "Client Key"u8);
        var signature = HMACSHA256.HashData(SHA256.HashData(clientKey), Encoding.UTF8.GetBytes(Signed));
        return CryptographicOperations.FixedTimeEquals([.. clientKey.Zip(signature, (a, b) => (byte)(a ^ b))], Proof);
    }
}
