using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace JustRunIt.Infrastructure;

/// <summary>
/// Administers a given broker through the HTTP interface of its management plugin.
/// </summary>
internal sealed class VirtualHostsByHttp : IVirtualHosts, IDisposable
{
    private const int ManagementPort = 15672;
    private readonly HttpClient client;

    private VirtualHostsByHttp(HttpClient client) => this.client = client;

    /// <summary>Where a broker's interface is by default.</summary>
    public static Uri StandardAddress(Uri broker) => new UriBuilder("http", broker.Host, ManagementPort).Uri;

    /// <summary>Null if there is no such interface, or if the user is not an administrator there.</summary>
    public static async Task<VirtualHostsByHttp?> FindAsync(Uri management, string user, string password)
    {
        var client = new HttpClient
        {
            BaseAddress = new Uri(management, "/api/"),
            Timeout = TimeSpan.FromSeconds(60),
        };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
        try
        {
            // Only an administrator may list all permissions, and only an administrator may make virtual hosts.
            using var reply = await client.GetAsync(new Uri("permissions", UriKind.Relative)).ConfigureAwait(false);
            if (reply.IsSuccessStatusCode)
            {
                return new VirtualHostsByHttp(client);
            }
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            // Nobody listens there: the broker runs without the plugin.
        }

        client.Dispose();
        return null;
    }

    public async Task<IReadOnlyList<string>> ListAsync()
    {
        var hosts = await client.GetFromJsonAsync<JsonArray>("vhosts?columns=name").ConfigureAwait(false);
        return [.. hosts!.Select(host => host!["name"]!.GetValue<string>())];
    }

    public int Batch => 1;

    public async Task CreateAsync(IReadOnlyList<string> names, string user)
    {
        foreach (var name in names)
        {
            await PutAsync($"vhosts/{Escaped(name)}", []).ConfigureAwait(false);
            await PutAsync(
                $"permissions/{Escaped(name)}/{Escaped(user)}",
                new JsonObject { ["configure"] = ".*", ["write"] = ".*", ["read"] = ".*" }).ConfigureAwait(false);
        }
    }

    public async Task ImportAsync(string definitions)
    {
        using var content = new StringContent(definitions, Encoding.UTF8, "application/json");
        using var reply = await client.PostAsync(new Uri("definitions", UriKind.Relative), content).ConfigureAwait(false);
        reply.EnsureSuccessStatusCode();
    }

    public async Task DeleteAsync(IReadOnlyList<string> names)
    {
        foreach (var name in names)
        {
            using var reply = await client.DeleteAsync(new Uri($"vhosts/{Escaped(name)}", UriKind.Relative)).ConfigureAwait(false);
            if (reply.StatusCode != HttpStatusCode.NotFound)
            {
                reply.EnsureSuccessStatusCode();
            }
        }
    }

    public void DeleteAfterwards(IReadOnlyList<string> names) => DeleteAsync(names).Wait(TimeSpan.FromSeconds(1));

    public void Dispose() => client.Dispose();

    private async Task PutAsync(string path, JsonObject body)
    {
        // The plugin does not accept chunked bodies everywhere, so the length must be known.
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var reply = await client.PutAsync(new Uri(path, UriKind.Relative), content).ConfigureAwait(false);
        reply.EnsureSuccessStatusCode();
    }

    private static string Escaped(string name) => Uri.EscapeDataString(name);
}
