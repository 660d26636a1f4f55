using System.Security.Cryptography;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// A log-in at a MySQL server: what it asked last, and what becomes of the answer under this process' key. Who knows the password
/// answers the same again.
/// </summary>
/// <param name="User">Who.</param>
/// <param name="Plugin">How the server asked.</param>
/// <param name="Challenge">What the answer was computed from, as a server sends it.</param>
/// <param name="Answer">What was answered, as it may be kept; empty for a user without a password.</param>
internal sealed record MySqlProof(string User, string Plugin, byte[] Challenge, byte[] Answer) : LogIn(User)
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    /// <summary>Plugins with which the same password and challenge make the same answer.</summary>
    private static readonly string[] Repeatable =
        [MySqlLogin.NativePassword, MySqlLogin.CachingSha2, "client_ed25519", "mysql_clear_password", "mysql_old_password"];

    /// <summary>Whether somebody else can be asked the same.</summary>
    public bool IsRepeatable => Repeatable.Contains(Plugin);

    /// <summary>Whether somebody else's answer is the same.</summary>
    public bool IsAnswer(ReadOnlySpan<byte> said) => CryptographicOperations.FixedTimeEquals(Kept(said), Answer);

    /// <summary>An answer as it may be kept.</summary>
    public static byte[] Kept(ReadOnlySpan<byte> answer) =>
        answer.TrimEnd((byte)0).IsEmpty ? [] : HMACSHA256.HashData(Key, answer);
}
