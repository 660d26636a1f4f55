using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sla;
using JustRunIt.Infrastructure;

namespace JustRunIt.Services.Monitor.Tests;

/// <summary>Three Monitors at once, as processes on one bus: each request counts once, whichever of them lives.</summary>
public sealed class SeveralMonitorsTests : IAsyncLifetime
{
    private const int Reports = 100;
    private const int RequestsEach = 10;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(70);
    private readonly ServiceScene scene = new("JustRunIt.Services.Monitor");
    private readonly string file = Path.GetTempFileName();
    private DateTimeOffset begin;

    public async Task InitializeAsync()
    {
        // Every window breaks the agreement, and says so.
        await File.WriteAllTextAsync(
            file,
            ServicesFileTests.Good
                .Replace("window: 10s", "window: 1s\n      repeatAfterWindows: 1")
                .Replace("meanResponseTime: 200ms", "meanResponseTime: 1ms"));
        await scene.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await scene.DisposeAsync();
        File.Delete(file);
    }

    [Fact]
    public async Task Of_three_monitors_none_loses_a_request()
    {
        for (var i = 0; i < 3; i++)
            scene.StartAnother("--config", file);
        await scene.UntilAsync<Events.Settings.ServiceRegistered>(Shop.Service);
        // All three read from the queue, or would.
        await scene.UntilAsync("SELECT count(*) = 4 FROM justrunit.handled WHERE decider = 'registering' AND why = 'Unchanged'");
        begin = NextWindow();
        for (var i = 0; i < Reports; i++)
            await scene.Bus.SayAsync(Report(i));
        await CountedAsync();
    }

    [Fact]
    public async Task When_the_monitor_that_counts_is_killed_another_goes_on_with_what_it_had_not_counted()
    {
        var first = scene.StartAnother("--config", file);
        await scene.UntilAsync<Events.Settings.ServiceRegistered>(Shop.Service);
        begin = NextWindow();
        await scene.Bus.SayAsync(Report(0));
        await scene.UntilAsync("SELECT count(*) = 1 FROM justrunit.mt_doc_open_window");
        var second = scene.StartAnother("--config", file);
        scene.StartAnother("--config", file);
        for (var i = 1; i < Reports; i++)
        {
            await scene.Bus.SayAsync(Report(i));
            if (i == Reports / 3)
                first.Kill();
            if (i == 2 * Reports / 3)
                second.Kill();
        }

        await CountedAsync();
    }

    /// <summary>
    /// When the next window of the service begins: none of those in which requests are counted is older than the agreement.
    /// </summary>
    private static DateTimeOffset NextWindow() =>
        WindowFrame.Of("shop", Window).StartOf(DateTimeOffset.UtcNow) + Window;

    private ResponseTimesMeasured Report(int number) => new(
        "front",
        "shop",
        "application",
        begin + (number * Interval),
        begin + ((number + 1) * Interval),
        number < Reports ? RequestsEach : 0,
        0,
        TimeSpan.FromMilliseconds(number < Reports ? 50 * RequestsEach : 0),
        TimeSpan.FromMilliseconds(50),
        TimeSpan.FromMilliseconds(50));

    /// <summary>Closes the last window, and waits until every request was counted in a window that broke the agreement.</summary>
    private async Task CountedAsync()
    {
        await scene.Bus.SayAsync(Report(Reports + 20));
        await scene.UntilAsync(
            $"""
            SELECT coalesce(sum((data ->> 'requests')::bigint), 0) = {Reports * RequestsEach} FROM justrunit.mt_events
            WHERE stream_id = '{Shop.Service}' AND type = '{Wire.NameOf(typeof(SlaViolated))}'
            """);
    }
}
