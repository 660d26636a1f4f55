using System.Security.Cryptography;
using System.Text;

namespace JustRunIt.Events.Sealing;

/// <summary>
/// The public half of the key that signs checkpoints: ECDSA over P-256 with SHA-256. Its id is that of C2SP's <c>signed-note</c> for such
/// keys: the first four bytes of the SHA-256 of its SubjectPublicKeyInfo (DER).
/// </summary>
public sealed class SealKey
{
    private const int IdLength = 4;
    private const string Curve = "1.2.840.10045.3.1.7";
    private readonly byte[] subjectPublicKeyInfo;

    private SealKey(byte[] subjectPublicKeyInfo) => this.subjectPublicKeyInfo = subjectPublicKeyInfo;

    /// <summary>What is allowed, for complaints.</summary>
    public static string Allowed => "an ECDSA key over P-256 as PEM";

    /// <summary>Its id: four bytes, as hexadecimal digits.</summary>
    public string Id => Convert.ToHexStringLower(SHA256.HashData(subjectPublicKeyInfo).AsSpan(0, IdLength));

    /// <summary>It as PEM.</summary>
    public string Pem => PemEncoding.WriteString("PUBLIC KEY", subjectPublicKeyInfo) + "\n";

    /// <summary>The public half of a key.</summary>
    public static SealKey Of(ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new SealKey(key.ExportSubjectPublicKeyInfo());
    }

    /// <summary>Reads a key from PEM, a private one too; null for what is none.</summary>
    public static SealKey? Read(string pem)
    {
        try
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(pem);
            return IsOfCurve(key) ? Of(key) : null;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Whether a key is one over P-256.</summary>
    public static bool IsOfCurve(ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == Curve;
    }

    /// <summary>Signs a text.</summary>
    /// <param name="key">The whole key.</param>
    /// <param name="name">Its name: the log's.</param>
    /// <param name="text">The text, each line with its end.</param>
    public static SignedNote Sign(ECDsa key, string name, string text)
    {
        ArgumentNullException.ThrowIfNull(key);
        var signature = key.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return new SignedNote(text, [new SignedNote.Signature(name, Of(key).Id, Convert.ToBase64String(signature))]);
    }

    /// <summary>Whether a note bears a signature of this key, and it is right.</summary>
    public bool HasSigned(SignedNote note)
    {
        ArgumentNullException.ThrowIfNull(note);
        var id = Id;
        foreach (var signature in note.Signatures)
        {
            if (signature.Id != id)
                continue;
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo, out _);
            return key.VerifyData(
                Encoding.UTF8.GetBytes(note.Text),
                Convert.FromBase64String(signature.Bytes),
                HashAlgorithmName.SHA256,
                DSASignatureFormat.Rfc3279DerSequence);
        }

        return false;
    }
}
