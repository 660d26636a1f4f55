using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Proxies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>A real server, its clone and a next tier, with proxies around the original (§2.2.1).</summary>
public sealed class ReplayTests : IAsyncLifetime
{
    private static readonly ExperimentDurations Durations = new(
        TimeShift: TimeSpan.FromMilliseconds(500),
        SettleLimit: TimeSpan.FromSeconds(2),
        WarmUp: TimeSpan.FromMilliseconds(300),
        Measure: TimeSpan.FromSeconds(1));

    private readonly ConcurrentQueue<string> nextTierSaw = new();
    private readonly ConcurrentQueue<string> cloneSaw = new();
    private readonly CancellationTokenSource load = new();
    private TestServer next = null!;
    private TestServer original = null!;
    private TestServer clone = null!;
    private TierProxy proxy = null!;
    private string originalNext = "";
    private string cloneNext = "";
    private TimeSpan cloneDelay = TimeSpan.Zero;
    private Task[] clients = [];
    private long onlineErrors;

    public async Task InitializeAsync()
    {
        next = await TestServer.StartAsync(application => application.MapGet("/data/{id}", async (string id) =>
        {
            nextTierSaw.Enqueue(id);
            await Task.Delay(30);
            return $"value of {id}";
        }));
        original = await StartServerAsync(new ConcurrentQueue<string>(), () => originalNext, () => TimeSpan.FromMilliseconds(10));
        clone = await StartServerAsync(cloneSaw, () => cloneNext, () => TimeSpan.FromMilliseconds(10) + cloneDelay);
        proxy = await TierProxy.StartAsync(
            Settings.Tier(original.EndPoint) with { OutProxies = [Settings.OutProxy(next.EndPoint)] }, TimeProvider.System);
        (originalNext, cloneNext) = ($"{proxy.OutProxies[0].Relay.EndPoint}", $"{proxy.OutProxies[0].SandboxEndPoint}");
    }

    public async Task DisposeAsync()
    {
        await load.CancelAsync();
        await Task.WhenAll(clients);
        await proxy.DisposeAsync();
        await clone.DisposeAsync();
        await original.DisposeAsync();
        await next.DisposeAsync();
    }

    [Fact]
    public async Task The_clone_answers_the_same_arrivals_from_the_record_and_the_next_tier_hears_nothing_of_it()
    {
        await StartClientsAsync(4);
        var result = await proxy.RunExperimentAsync(clone.EndPoint, Durations, CancellationToken.None);
        Assert.Null(result.Failure);
        Assert.Equal(result.Online!.Requests, result.Sandbox!.Requests);
        Assert.True(result.Online.Requests > 5, $"{result.Online.Requests} requests");
        Assert.Equal((0, 0), (result.Sandbox.Errors, onlineErrors));
        Assert.True(result.Matches.Exact > 5 && result.Matches is { Wildcard: 0, Nearest: 0, Missing: 0 }, $"{result.Matches}");
        // The recorded delay of the next tier is in the clone's response time.
        Assert.True(result.Sandbox.Metrics.Mean.TotalMilliseconds > 38, $"{result.Sandbox.Metrics.Mean}");
        // Every id was asked for once: by the original.
        Assert.Equal(nextTierSaw.Count, nextTierSaw.Distinct().Count());
        Assert.NotEmpty(cloneSaw);
    }

    [Fact]
    public async Task A_slower_clone_is_seen_as_slower_and_leaves_the_original_as_it_was()
    {
        await StartClientsAsync(4);
        cloneDelay = TimeSpan.FromMilliseconds(100);
        var result = await proxy.RunExperimentAsync(clone.EndPoint, Durations, CancellationToken.None);
        Assert.Null(result.Failure);
        // Four connections give one request each 60 ms; a clone that takes three times as long falls ever farther behind.
        Assert.True(
            result.Sandbox!.Metrics.Mean > result.Online!.Metrics.Mean + TimeSpan.FromMilliseconds(100),
            $"{result.Sandbox.Metrics.Mean} against {result.Online.Metrics.Mean}");
    }

    [Fact]
    public async Task The_next_experiment_waits_until_the_clone_has_caught_up()
    {
        await StartClientsAsync(4);
        cloneDelay = TimeSpan.FromMilliseconds(30);
        var behind = await proxy.RunExperimentAsync(clone.EndPoint, Durations, CancellationToken.None);
        cloneDelay = TimeSpan.Zero;
        var settled = await proxy.RunExperimentAsync(
            clone.EndPoint, Durations with { SettleLimit = TimeSpan.FromSeconds(60) }, CancellationToken.None);
        Assert.Null(settled.Failure);
        Assert.True(
            settled.Sandbox!.Metrics.Mean < behind.Sandbox!.Metrics.Mean,
            $"{settled.Sandbox.Metrics.Mean} after {behind.Sandbox.Metrics.Mean}");
        // Of how far it was behind the original, less than half is left: the rest is what a busy machine adds.
        var (behindBy, leftOver) = (behind.Sandbox.Metrics.Mean - behind.Online!.Metrics.Mean,
        settled.Sandbox.Metrics.Mean - settled.Online!.Metrics.Mean);
        Assert.True(leftOver < behindBy / 2, $"{leftOver} of {behindBy}");
    }

    [Fact]
    public async Task A_dead_clone_is_a_failure_with_its_reason_and_no_harm_on_line()
    {
        await StartClientsAsync(4);
        await clone.DisposeAsync();
        var result = await proxy.RunExperimentAsync(clone.EndPoint, Durations, CancellationToken.None);
        Assert.Contains("duplicates failed at the clone", result.Failure);
        Assert.Equal(0, onlineErrors);
    }

    [Fact]
    public async Task A_clone_that_never_answers_delays_nothing_on_line()
    {
        using var silent = new Socket(SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(Settings.Free);
        silent.Listen(100);
        await StartClientsAsync(4);
        var result = await proxy.RunExperimentAsync((IPEndPoint)silent.LocalEndPoint!, Durations, CancellationToken.None);
        Assert.NotNull(result.Failure);
        // Had anything waited for the clone, none of the four clients would have been answered twice.
        Assert.True(result.Online!.Requests > 8, $"{result.Online.Requests} requests");
        Assert.Equal(0, onlineErrors);
    }

    [Fact]
    public async Task Without_traffic_there_is_no_result()
    {
        var result = await proxy.RunExperimentAsync(clone.EndPoint, Durations, CancellationToken.None);
        Assert.Equal("no request arrived while measuring", result.Failure);
    }

    [Fact]
    public async Task A_stopped_replay_ends_the_experiment_and_sends_nothing_more()
    {
        await StartClientsAsync(2);
        var running = proxy.RunExperimentAsync(
            clone.EndPoint, Durations with { Measure = TimeSpan.FromMinutes(5) }, CancellationToken.None);
        await UntilAsync(() => !cloneSaw.IsEmpty);
        await proxy.StopReplayAsync();
        Assert.Equal("the replay was stopped", (await running).Failure);
        // What was on its way still arrives; while the replay runs, something comes every few milliseconds.
        var seen = -1;
        await UntilAsync(async () =>
        {
            seen = cloneSaw.Count;
            await Task.Delay(500);
            return seen == cloneSaw.Count;
        });
        Assert.True(onlineErrors == 0 && !clients.Any(client => client.IsCompleted), $"{onlineErrors} errors on line");
    }

    [Fact]
    public async Task Past_the_bound_duplicates_are_shed_counted_and_the_experiment_is_none()
    {
        await using var small = await TierProxy.StartAsync(
            Settings.Tier(
                original.EndPoint, memoryLimitBytes: 100) with
            { OutProxies = [Settings.OutProxy(next.EndPoint)] }, TimeProvider.System);
        originalNext = $"{small.OutProxies[0].Relay.EndPoint}";
        await StartClientsAsync(4, small.EndPoint);
        var result = await small.RunExperimentAsync(clone.EndPoint, Durations, CancellationToken.None);
        Assert.True(result.Shed > 0);
        Assert.Contains("shed", result.Failure);
        Assert.Equal(0, onlineErrors);
        await load.CancelAsync();
        await Task.WhenAll(clients);
    }

    private static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!await condition())
            await Task.Delay(10, patience.Token);
    }

    /// <summary>Ends when every client has had a reply: an experiment with nothing to measure is none.</summary>
    private Task StartClientsAsync(int count, IPEndPoint? target = null)
    {
        var id = 0;
        var begun = Enumerable
            .Range(0, count)
            .Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))
            .ToList();
        clients = [.. begun.Select(first => Task.Run(async () =>
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://{target ?? proxy.EndPoint}") };
            while (!load.IsCancellationRequested)
            {
                using var reply = await http.GetAsync($"/item/{Interlocked.Increment(ref id)}");
                if (!reply.IsSuccessStatusCode)
                    Interlocked.Increment(ref onlineErrors);
                first.TrySetResult();
                await Task.Delay(10);
            }
        }))];
        return Task.WhenAll(begun.Select(first => first.Task));
    }

    private static Task<TestServer> StartServerAsync(ConcurrentQueue<string> seen, Func<string> next, Func<TimeSpan> delay)
    {
        var http = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null });
        return TestServer.StartAsync(application => application.MapGet("/item/{id}", async (string id) =>
        {
            seen.Enqueue(id);
            await Task.Delay(delay());
            using var reply = await http.GetAsync($"http://{next()}/data/{id}");
            return reply.IsSuccessStatusCode ? Results.Text(await reply.Content.ReadAsStringAsync()) : Results.StatusCode(500);
        }));
    }
}
