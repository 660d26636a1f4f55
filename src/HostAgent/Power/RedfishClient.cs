using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace JustRunIt.HostAgent.Power;

/// <summary>
/// Reads resources of a Redfish service (DMTF DSP0266), with a session (§13.3.4: X-Auth-Token), with basic authentication, or
/// with neither. A session that the service has forgotten is begun anew.
/// </summary>
internal sealed class RedfishClient : IDisposable
{
    /// <summary>The service root.</summary>
    public const string Root = "/redfish/v1/";

    private const string DefaultSessions = "/redfish/v1/SessionService/Sessions";
    private const string TokenHeader = "X-Auth-Token";

    /// <summary>RFC 5280, 4.2.1.12: id-kp-serverAuth.</summary>
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly RedfishSettings settings;
    private readonly HttpClient http;
    private string? token;
    private string? session;

    /// <summary>A client; nothing is sent yet.</summary>
    /// <exception cref="PowerMeterException">The certificate file holds none.</exception>
    public RedfishClient(RedfishSettings settings)
    {
        this.settings = settings;
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null };
        if (settings.CertificateFile is { } file)
        {
            var trusted = Trusted(file);
            handler.SslOptions.RemoteCertificateValidationCallback =
                (_, certificate, given, errors) => Trusts(trusted, certificate, given, errors);
        }

        http = new HttpClient(handler) { BaseAddress = settings.Url, Timeout = Patience, MaxResponseContentBufferSize = LongestReplyBytes };
    }

    /// <summary>Longer than any resource of a chassis; what is longer is an error, not memory.</summary>
    private const int LongestReplyBytes = 4 << 20;

    /// <summary>Reads a resource; null when the service has none there.</summary>
    /// <exception cref="PowerMeterException">The service cannot be reached, refuses, or answers with something else than JSON.</exception>
    public async Task<JsonElement?> GetAsync(string path, CancellationToken cancellation)
    {
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, path);
                await AuthenticateAsync(request, cancellation);
                using var reply = await http.SendAsync(request, cancellation);
                if (reply.StatusCode == HttpStatusCode.Unauthorized && token is not null && attempt == 1)
                {
                    // Sessions end by themselves (SessionTimeout), and with the management processor's restart.
                    token = null;
                    continue;
                }

                if (reply.StatusCode == HttpStatusCode.NotFound)
                    return null;
                if (!reply.IsSuccessStatusCode)
                    throw new PowerMeterException($"redfish {path}: status {(int)reply.StatusCode}");
                return await reply.Content.ReadFromJsonAsync<JsonElement>(cancellation);
            }
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            throw new PowerMeterException($"redfish {path}: {e.GetBaseException().Message}");
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new PowerMeterException($"redfish {path}: no answer within {Patience.TotalSeconds:0} s");
        }
    }

    /// <summary>Ends the session: a management processor has room for few.</summary>
    public void Dispose()
    {
        if (token is not null && session is not null)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Delete, session);
                request.Headers.Add(TokenHeader, token);
                using var reply = http.Send(request);
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                // It times out there.
            }
        }

        http.Dispose();
    }

    private async Task AuthenticateAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        if (settings.User is null)
            return;
        var password = (await File.ReadAllTextAsync(settings.PasswordFile!, cancellation)).Trim();
        if (!settings.UsesSessions)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue(
                "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{settings.User}:{password}")));
            return;
        }

        if (token is null)
            await LogInAsync(password, cancellation);
        request.Headers.Add(TokenHeader, token);
    }

    private async Task LogInAsync(string password, CancellationToken cancellation)
    {
        // The service root needs no authentication, and says where sessions are.
        var root = await http.GetFromJsonAsync<JsonElement>(Root, cancellation);
        var sessions = root.TryGetProperty("Links", out var links) && links.TryGetProperty("Sessions", out var link)
            ? RedfishLink.Of(link) ?? DefaultSessions
            : DefaultSessions;
        using var reply = await http.PostAsJsonAsync(
            sessions, new Dictionary<string, string?> { ["UserName"] = settings.User, ["Password"] = password }, cancellation);
        if (!reply.IsSuccessStatusCode)
            throw new PowerMeterException($"redfish: the service lets {settings.User} begin no session: status {(int)reply.StatusCode}");
        token = reply.Headers.TryGetValues(TokenHeader, out var values)
            ? values.First()
            : throw new PowerMeterException($"redfish: a session without {TokenHeader}");
        session = reply.Headers.Location?.ToString();
    }

    private static X509Certificate2Collection Trusted(string file)
    {
        var trusted = new X509Certificate2Collection();
        try
        {
            trusted.ImportFromPemFile(file);
        }
        catch (System.Security.Cryptography.CryptographicException e)
        {
            throw new PowerMeterException($"{file}: {e.Message}");
        }

        return trusted.Count > 0 ? trusted : throw new PowerMeterException($"{file}: holds no certificate in PEM");
    }

    private static bool Trusts(
        X509Certificate2Collection trusted, X509Certificate? certificate, X509Chain? given, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 presented)
            return false;
        // The very certificate: its name does not matter, management processors bear their maker's.
        if (trusted.Any(known => known.RawDataMemory.Span.SequenceEqual(presented.RawDataMemory.Span)))
            return true;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        // One that says what it is for must be for servers.
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid(ServerAuthentication));
        // What lies between the certificate and its authority comes from the server.
        if (given is not null)
            chain.ChainPolicy.ExtraStore.AddRange(given.ChainPolicy.ExtraStore);
        return !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) && chain.Build(presented);
    }
}
