using System.Diagnostics;

namespace JustRunIt.EndToEnd.Tests;

/// <summary>
/// Clients of a service that ask without a break, two on connections of their own and one on a new connection each time; every failure is
/// kept.
/// </summary>
internal sealed class Clients : IAsyncDisposable
{
    private const string Page = "/primes/1000";
    private static readonly TimeSpan ThinkTime = TimeSpan.FromMilliseconds(5);

    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private readonly List<string> failures = [];
    private readonly Task clients;
    private TimeSpan longest;

    public Clients(string at) => clients = Task.WhenAll(
        Task.Run(() => AskAsync(at, keeps: true)), Task.Run(() => AskAsync(at, keeps: true)), Task.Run(() => AskAsync(at, keeps: false)));

    /// <summary>Answers that came.</summary>
    public int Answered { get; private set; }

    /// <summary>Longest wait for an answer since this was asked last.</summary>
    public TimeSpan TakeLongest()
    {
        lock (gate)
        {
            var taken = longest;
            longest = TimeSpan.Zero;
            return taken;
        }
    }

    /// <summary>Lets them finish; returns what failed.</summary>
    public async Task<IReadOnlyList<string>> EndAsync()
    {
        await stop.CancelAsync();
        await clients;
        return failures;
    }

    public async ValueTask DisposeAsync() => await EndAsync();

    private async Task AskAsync(string at, bool keeps)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{at}"), Timeout = TimeSpan.FromSeconds(30) };
        http.DefaultRequestHeaders.ConnectionClose = !keeps;
        while (!stop.IsCancellationRequested)
        {
            var begin = Stopwatch.GetTimestamp();
            string? failure = null;
            try
            {
                using var reply = await http.GetAsync(Page);
                failure = reply.IsSuccessStatusCode ? null : $"status {(int)reply.StatusCode}";
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                failure = e.Message;
            }

            lock (gate)
            {
                if (failure is null)
                    Answered++;
                else
                    failures.Add($"{(keeps ? "kept" : "new")} connection: {failure}");
                if (Stopwatch.GetElapsedTime(begin) is var took && took > longest)
                    longest = took;
            }

            await Task.Delay(ThinkTime);
        }
    }
}
