namespace JustRunIt.Infrastructure.Peers;

/// <summary>What the user of these tests may read of proxies: as docs/operations.md says where their token is.</summary>
public static class AdminAccess
{
    /// <summary>The file that proxies make for their user's commands.</summary>
    public static string TokenFile { get; } = Path.Combine(
        Variable("JUSTRUNIT_HOME") is { } home ? Path.Combine(home, ".justrunit")
            : Path.Combine(Variable("XDG_STATE_HOME") ?? Path.Combine(Variable("HOME") ?? "/", ".local/state"), "justrunit"),
        "admin.token");

    /// <summary>A client that says it with each request.</summary>
    /// <param name="timeout">Its patience; null for the client's own.</param>
    public static HttpClient Client(TimeSpan? timeout = null)
    {
        var client = new HttpClient(new Bearer { InnerHandler = new SocketsHttpHandler { UseProxy = false } });
        if (timeout is { } patience)
            client.Timeout = patience;
        return client;
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private sealed class Bearer : DelegatingHandler
    {
        /// <inheritdoc />
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            // The first proxy makes it.
            if (File.Exists(TokenFile))
            {
                var token = (await File.ReadAllTextAsync(TokenFile, cancellationToken).ConfigureAwait(false)).Trim();
                request.Headers.Authorization = new("Bearer", token);
            }

            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
    }
}
