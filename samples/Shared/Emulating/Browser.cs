using System.Globalization;
using System.Text.RegularExpressions;

namespace JustRunIt.Samples.Emulating;

/// <summary>How one emulated client asks: with cookies of its own, one request at a time, each of them measured.</summary>
public sealed class Browser(Uri target, Random random, Statistics statistics) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient http = new(
        new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, MaxConnectionsPerServer = 1 })
    {
        BaseAddress = target,
        Timeout = Patience,
    };

    /// <summary>Asks for a page; null when the reply is an error or does not come.</summary>
    public Task<string?> GetAsync(string path, CancellationToken stop) => SendAsync(HttpMethod.Get, path, null, stop);

    /// <summary>Sends a form; null when the reply is an error or does not come.</summary>
    public Task<string?> PostAsync(string path, CancellationToken stop, params (string Name, string Value)[] form) =>
        SendAsync(
            HttpMethod.Post, path, new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value))), stop);

    /// <summary>A number drawn among those that a pattern's first group finds in a page; null without one.</summary>
    public int? Draw(Regex link, string page)
    {
        var matches = link.Matches(page);
        return matches.Count == 0 ? null : int.Parse(matches[random.Next(matches.Count)].Groups[1].ValueSpan, CultureInfo.InvariantCulture);
    }

    /// <inheritdoc />
    public void Dispose() => http.Dispose();

    private async Task<string?> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken stop)
    {
        var begin = TimeProvider.System.GetTimestamp();
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = content };
            using var reply = await http.SendAsync(request, stop);
            var page = await reply.Content.ReadAsStringAsync(stop);
            var isError = (int)reply.StatusCode >= 400;
            statistics.Add(TimeProvider.System.GetElapsedTime(begin), isError);
            return isError ? null : page;
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            statistics.Add(TimeProvider.System.GetElapsedTime(begin), isError: true);
            return null;
        }
    }
}
