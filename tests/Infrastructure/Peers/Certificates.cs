using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace JustRunIt.Infrastructure.Peers;

/// <summary>A certificate authority of a test's own, with what it signs, as PEM files in a folder that everybody may read.</summary>
public sealed class Certificates : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("justrunit-certificates-");
    private readonly X509Certificate2 authority;

    /// <summary>Makes the authority.</summary>
    public Certificates()
    {
        if (!OperatingSystem.IsWindows())
        {
            folder.UnixFileMode |= UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead
                | UnixFileMode.OtherExecute;
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=authority {Guid.NewGuid():N}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-1), DateTimeOffset.UtcNow.AddYears(1));
        Authority = Write("authority.pem", authority.ExportCertificatePem());
    }

    /// <summary>File of the authority's certificate.</summary>
    public string Authority { get; }

    /// <summary>A file of the same folder.</summary>
    public string PathOf(string name) => Path.Combine(folder.FullName, name);

    /// <summary>Signs a certificate: files NAME.pem and NAME.key.</summary>
    /// <param name="name">Name of the files, and of its subject.</param>
    /// <param name="hosts">IP addresses and names of hosts that it is for.</param>
    /// <param name="ends">When it ends; null for in half a year.</param>
    public (string Certificate, string Key) Sign(string name, string[] hosts, DateTimeOffset? ends = null)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(host);
        }

        if (hosts.Length > 0)
            request.CertificateExtensions.Add(names.Build());
        using var made = request.Create(
            authority,
            DateTimeOffset.UtcNow.AddMonths(-6),
            ends ?? DateTimeOffset.UtcNow.AddMonths(6),
            RandomNumberGenerator.GetBytes(8));
        return (Write($"{name}.pem", made.ExportCertificatePem()), Write($"{name}.key", key.ExportPkcs8PrivateKeyPem()));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        authority.Dispose();
        folder.Delete(recursive: true);
    }

    private string Write(string name, string text)
    {
        var file = PathOf(name);
        File.WriteAllText(file, text);
        return file;
    }
}
