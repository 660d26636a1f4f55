using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using JustRunIt.Hosting.Messaging.Connecting;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>Which certificates of a broker are believed, where the file of authorities holds a root alone.</summary>
public sealed class BrokerCertificateTests : IDisposable
{
    private const string ForServers = "1.3.6.1.5.5.7.3.1";
    private const string ForClients = "1.3.6.1.5.5.7.3.2";
    private readonly string file = Path.GetTempFileName();
    private readonly X509Certificate2 root = MakeAuthority(null);

    public BrokerCertificateTests() => File.WriteAllText(file, root.ExportCertificatePem());

    public void Dispose()
    {
        root.Dispose();
        File.Delete(file);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(ForServers)]
    public async Task One_of_an_authority_between_that_the_broker_sends_along_is_believed(string? purpose)
    {
        using var between = MakeAuthority(root);
        using var broker = Make(between, purpose);
        Assert.Null(await ConnectAsync(broker, between));
    }

    [Fact]
    public async Task One_of_an_authority_between_that_is_of_no_root_in_the_file_is_not_believed()
    {
        using var other = MakeAuthority(null);
        using var between = MakeAuthority(other);
        using var broker = Make(between, ForServers);
        Assert.IsType<CertificateRefusedException>(await ConnectAsync(broker, between));
        Assert.IsType<CertificateRefusedException>(await ConnectAsync(broker, other));
    }

    [Fact]
    public async Task A_clients_is_not_believed_to_be_the_brokers()
    {
        using var client = Make(root, ForClients);
        var refused = Assert.IsType<CertificateRefusedException>(await ConnectAsync(client));
        Assert.StartsWith("cacertfile: the certificate of 127.0.0.1:", refused.Message);
        using var broker = Make(root, ForServers);
        Assert.Null(await ConnectAsync(broker));
    }

    /// <summary>Connects to who shows a certificate, and authorities beside it; returns why it is not believed.</summary>
    private async Task<Exception?> ConnectAsync(X509Certificate2 shown, params X509Certificate2[] besides)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var serving = ServeAsync(listener, SslStreamCertificateContext.Create(shown, [.. besides], offline: true));
        var option = BrokerTls.Read(new Uri($"amqps://127.0.0.1:{port}/?cacertfile={file}"))!.ToOption();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await using var stream = new SslStream(client.GetStream(), false, option.CertificateValidationCallback);
        var refused = await Record.ExceptionAsync(() => stream.AuthenticateAsClientAsync("127.0.0.1"));
        client.Close();
        await serving;
        return refused;
    }

    private static async Task ServeAsync(TcpListener listener, SslStreamCertificateContext context)
    {
        using var server = await listener.AcceptTcpClientAsync();
        await using var stream = new SslStream(server.GetStream());
        // The client may leave.
        await Record.ExceptionAsync(async () =>
        {
            await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = context });
            await stream.ReadExactlyAsync(new byte[1]);
        });
    }

    private static X509Certificate2 MakeAuthority(X509Certificate2? by)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=authority {Guid.NewGuid():N}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return Signed(request, key, by);
    }

    private static X509Certificate2 Make(X509Certificate2 by, string? purpose)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=broker", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        if (purpose is not null)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        return Signed(request, key, by);
    }

    private static X509Certificate2 Signed(CertificateRequest request, ECDsa key, X509Certificate2? by)
    {
        var now = DateTimeOffset.UtcNow;
        using (key)
        {
            if (by is null)
                return request.CreateSelfSigned(now.AddDays(-2), now.AddDays(2));
            using var made = request.Create(by, now.AddDays(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(8));
            return made.CopyWithPrivateKey(key);
        }
    }
}
