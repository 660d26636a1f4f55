using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using JustRunIt.Hosting.Configuration;
using RabbitMQ.Client;

namespace JustRunIt.Hosting.Messaging.Connecting;

/// <summary>
/// TLS to the broker, as the query of its address says it, by the names that RabbitMQ has for its own clients
/// (rabbitmq.com, "URI query parameters"): <c>cacertfile</c>, <c>certfile</c>, <c>keyfile</c>, <c>verify</c>,
/// <c>server_name_indication</c>. Unless told otherwise the certificate must be of an authority that is trusted, and of the host.
/// </summary>
internal sealed class BrokerTls
{
    private const string Authorities = "cacertfile";
    private const string Certificate = "certfile";
    private const string Key = "keyfile";
    private const string Verify = "verify";
    private const string HostName = "server_name_indication";
    private const string VerifyPeer = "verify_peer";
    private const string VerifyNone = "verify_none";

    /// <summary>RFC 5280, 4.2.1.12: id-kp-serverAuth.</summary>
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private static readonly string[] Allowed = [Authorities, Certificate, Key, Verify, HostName];

    private readonly string server;
    private readonly string host;
    private readonly string? authoritiesFile;
    private readonly X509Certificate2Collection? authorities;
    private readonly X509Certificate2? own;

    private BrokerTls(Uri address, Dictionary<string, string> query)
    {
        server = $"{address.Host}:{address.Port}";
        host = query.GetValueOrDefault(HostName) ?? address.Host;
        IsVerified = OneOf(query.GetValueOrDefault(Verify), VerifyPeer, VerifyNone) == VerifyPeer;
        if (query.TryGetValue(Authorities, out authoritiesFile))
            authorities = ReadAuthorities(authoritiesFile);
        own = ReadOwn(query.GetValueOrDefault(Certificate), query.GetValueOrDefault(Key));
    }

    /// <summary>Whether the broker has to prove who it is.</summary>
    public bool IsVerified { get; }

    /// <summary>Reads the query of an address; null where it is one without TLS.</summary>
    /// <exception cref="ConfigurationException">A parameter is unknown, or what it names cannot be used.</exception>
    public static BrokerTls? Read(Uri address)
    {
        var query = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = part.Split('=', 2) is [var left, var right] ? (left, Uri.UnescapeDataString(right)) : (part, "");
            if (!Allowed.Contains(name, StringComparer.Ordinal))
                throw Error($"'{name}'; allowed are {string.Join(", ", Allowed)}");
            if (value.Length == 0)
                throw Error($"{name}: is empty");
            query[name] = value;
        }

        if (address.Scheme == "amqps")
            return new BrokerTls(address, query);
        return query.Count == 0 ? null : throw Error($"{query.Keys.First()}: is for amqps:// only");
    }

    /// <summary>What the client is to be given.</summary>
    public SslOption ToOption()
    {
        var option = new SslOption(host, enabled: true)
        {
            Version = SslProtocols.None, // the system's choice: 1.2 and 1.3
            AcceptablePolicyErrors = SslPolicyErrors.None,
            CertificateValidationCallback = (_, certificate, given, errors) => Check(certificate, given, errors),
        };
        if (own is not null)
        {
            option.Certs = [own];
            option.CertificateSelectionCallback = (_, _, _, _, _) => own;
        }

        return option;
    }

    /// <summary>Says what is wrong by an exception, which the client hands on: a plain refusal would be told without its reason.</summary>
    private bool Check(X509Certificate? certificate, X509Chain? given, SslPolicyErrors errors)
    {
        if (!IsVerified)
            return true;
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
            throw new CertificateRefusedException($"{server} shows no certificate");
        using var shown = new X509Certificate2(certificate);
        if (shown.NotAfter.ToUniversalTime() < DateTime.UtcNow)
            throw new CertificateRefusedException($"the certificate of {server} ended on {shown.NotAfter.ToUniversalTime():yyyy-MM-dd}");
        if (shown.NotBefore.ToUniversalTime() > DateTime.UtcNow)
            throw new CertificateRefusedException($"the certificate of {server} begins on {shown.NotBefore.ToUniversalTime():yyyy-MM-dd}");
        CheckChain(shown, given);
        if (!shown.MatchesHostname(host))
        {
            throw new CertificateRefusedException(
                $"{HostName}: the certificate of {server} is for {Names(shown)}, not for '{host}'");
        }

        return true;
    }

    private void CheckChain(X509Certificate2 shown, X509Chain? given)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        // One that says what it is for must be for servers: a client of the same authority is no broker.
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        // What lies between the certificate and its authority comes from the server.
        if (given is not null)
            chain.ChainPolicy.ExtraStore.AddRange(given.ChainPolicy.ExtraStore);
        if (authorities is not null)
        {
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
            chain.ChainPolicy.ExtraStore.AddRange(authorities);
        }

        if (chain.Build(shown))
            return;
        var reason = string.Join(", ", chain.ChainStatus.Select(status => status.StatusInformation.Trim().TrimEnd('.')).Distinct());
        var trusted = authoritiesFile is null ? "no authority that this system trusts" : $"no authority of {authoritiesFile}";
        throw new CertificateRefusedException($"{Authorities}: the certificate of {server} is of {trusted} ({reason})");
    }

    private static string Names(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault() is { } alternatives
            ? alternatives.EnumerateDnsNames().Concat(alternatives.EnumerateIPAddresses().Select(address => $"{address}")).ToList()
            : [];
        return names.Count > 0 ? string.Join(", ", names) : certificate.Subject;
    }

    private static X509Certificate2Collection ReadAuthorities(string file)
    {
        var read = new X509Certificate2Collection();
        Try(Authorities, file, () => read.ImportFromPemFile(file));
        return read.Count > 0 ? read : throw Error($"{Authorities}: '{file}' holds no certificate in PEM");
    }

    private static X509Certificate2? ReadOwn(string? certificate, string? key)
    {
        if (certificate is null)
            return key is null ? null : throw Error($"{Key}: needs {Certificate} too");
        X509Certificate2? read = null;
        Try(Certificate, certificate, () =>
        {
            using var pem = X509Certificate2.CreateFromPemFile(certificate, key ?? certificate);
            // With its key in memory alone the system's library would not use it on every platform.
            read = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        });
        return read;
    }

    private static void Try(string field, string file, Action read)
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw Error($"{field}: '{file}' cannot be used: {e.Message}");
        }
    }

    private static string OneOf(string? value, params string[] allowed) =>
        value is null ? allowed[0]
        : allowed.Contains(value, StringComparer.Ordinal) ? value
        : throw Error($"{Verify}: '{value}'; allowed is {string.Join(" or ", allowed)}");

    private static ConfigurationException Error(string reason) => new($"environment: {EnvironmentVariables.RabbitMq}: {reason}");
}
