using JasperFx;
using JustRunIt.Events;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Store;
using JustRunIt.Infrastructure;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.Services.Monitor.Tests;

/// <summary>Windows that are being filled, on a real database: one for each source, and no report counts twice or is lost.</summary>
public sealed class OpenWindowsTests : IAsyncLifetime
{
    // When a window of the service begins, after the agreement is in force.
    private static readonly DateTimeOffset Begin =
        WindowFrame.Of("shop", TimeSpan.FromSeconds(10)).StartOf(DateTimeOffset.UtcNow.AddMinutes(-30));

    private readonly BothFixture servers = new();
    private IHost host = null!;

    public async Task InitializeAsync()
    {
        await servers.InitializeAsync();
        var builder = ServiceHost.CreateService(
            Catalog.Monitor,
            messages => messages.Decide<ResponseTimesMeasured, Contended>(atOnce: 2),
            new Connections(servers.Postgres.ConnectionString, servers.RabbitMq.Address));
        OpenWindows.Register(builder.Services);
        host = builder.Build();
        await host.StartAsync();
        await using var session = host.Services.GetRequiredService<IDocumentStore>().LightweightSession();
        session.Events.Append(Shop.Service, Shop.Registered);
        await session.SaveChangesAsync();
    }

    public async Task DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
        await servers.DisposeAsync();
    }

    [Fact]
    public async Task Two_sources_do_not_disturb_each_other()
    {
        await HandleAsync(new SlaDecider(), Measured(1, 10));
        await HandleAsync(new SlaDecider(), Window("probe", 0));
        await HandleAsync(new SlaDecider(), Window("another", 0));
        await HandleAsync(new SlaDecider(), Measured(2, 10));
        Assert.Equal((20, Begin.AddSeconds(2), 0), Show(await WindowAsync(SlaSource.Key("proxies", external: false))));
        Assert.Equal((0, Begin.AddSeconds(10), 1), Show(await WindowAsync(SlaSource.Key("probe", external: true))));
        Assert.Equal((0, Begin.AddSeconds(10), 1), Show(await WindowAsync(SlaSource.Key("another", external: true))));
    }

    [Fact]
    public async Task A_report_twice_counts_once_whether_it_is_the_same_message_or_says_the_same()
    {
        var id = Guid.NewGuid();
        await HandleAsync(new SlaDecider(), Measured(1, 10), id);
        Assert.Equal(WhyNothing.AlreadyHandled, (await HandleAsync(new SlaDecider(), Measured(1, 10), id)).Why);
        Assert.Equal(WhyNothing.AlreadyHandled, (await HandleAsync(new SlaDecider(), Measured(1, 10))).Why);
        Assert.Equal(10, (await WindowAsync("in-proxy")).Requests);
        Assert.Null((await HandleAsync(new SlaDecider(), Window("probe", 0))).Why);
        Assert.Equal(WhyNothing.AlreadyHandled, (await HandleAsync(new SlaDecider(), Window("probe", 0))).Why);
        Assert.Equal(1, (await WindowAsync("monitor:probe")).ViolatedInARow);
    }

    [Fact]
    public async Task Of_two_reports_that_saw_the_same_window_one_is_refused()
    {
        for (var second = 1; second <= 3; second += 2)
        {
            using var both = new Barrier(2);
            var outcomes = await Task.WhenAll(new[] { second, second + 1 }.Select(to => Task.Run(() =>
                Record.ExceptionAsync(() => HandleAsync(new Meeting(both), Measured(to, 10))))));
            Assert.IsAssignableFrom<ConcurrencyException>(Assert.Single(outcomes, outcome => outcome is not null));
        }
    }

    [Fact]
    public async Task Reports_that_come_at_once_are_all_counted()
    {
        await using var bus = await Listener.ConnectAsync(servers.RabbitMq.Address);
        await bus.SayAsync(Measured(1, 10));
        await bus.SayAsync(Measured(2, 100));
        // The one that was refused was decided again, and adds to the other, whichever came first.
        SlaWindow window;
        for (var end = DateTime.UtcNow.AddMinutes(1); (window = await WindowAsync("in-proxy")).Requests != 110; await Task.Delay(50))
            Assert.True(DateTime.UtcNow < end, $"both are counted: {window}");
    }

    private static ResponseTimesMeasured Measured(int second, long requests) => new(
        "proxies",
        "shop",
        "application",
        Begin.AddSeconds(second - 1),
        Begin.AddSeconds(second),
        requests,
        0,
        TimeSpan.FromMilliseconds(50 * requests),
        TimeSpan.FromMilliseconds(60),
        TimeSpan.FromMilliseconds(70));

    private static ExternalWindowReported Window(string monitor, int number) => new(
        monitor, "shop", Begin.AddSeconds(10 * number), Begin.AddSeconds(10 * (number + 1)), 50, TimeSpan.FromMilliseconds(300));

    private static (long Requests, DateTimeOffset To, int Violated) Show(SlaWindow window) =>
        (window.Requests, window.LastReportTo, window.ViolatedInARow);

    private Task<Decision> HandleAsync<TMessage>(IDecider<TMessage> decider, TMessage message, Guid? id = null)
        where TMessage : class => host.Services.GetRequiredService<DecisionRunner>().HandleAsync(
            decider, message, new Cause(id ?? Guid.NewGuid(), Guid.NewGuid(), DateTimeOffset.UtcNow), CancellationToken.None);

    private async Task<SlaWindow> WindowAsync(string source)
    {
        await using var session = host.Services.GetRequiredService<IDocumentStore>().LightweightSession();
        return (SlaWindow)(await host.Services.GetRequiredService<OpenWindows>().AnswerAsync(
            new OpenWindowAsked("shop", source), session, CancellationToken.None))!;
    }

    /// <summary>Decides as the Monitor does, and waits until the other has read the same.</summary>
    private sealed class Meeting(Barrier both) : IDecider<ResponseTimesMeasured>
    {
        public string Name => "sla";

        public int Version => 1;

        public Decision Decide(IReading reading, ResponseTimesMeasured message, Cause cause)
        {
            var decision = new SlaDecider().Decide(reading, message, cause);
            Assert.True(both.SignalAndWait(TimeSpan.FromMinutes(1)), "the other has read");
            return decision;
        }
    }

    /// <summary>Lets the first two read the same window.</summary>
    private sealed class Contended : IDecider<ResponseTimesMeasured>
    {
        private static readonly Barrier Both = new(2);
        private static int count;

        public string Name => "sla";

        public int Version => 1;

        public Decision Decide(IReading reading, ResponseTimesMeasured message, Cause cause)
        {
            var decision = new SlaDecider().Decide(reading, message, cause);
            if (Interlocked.Increment(ref count) <= 2)
                Assert.True(Both.SignalAndWait(TimeSpan.FromMinutes(1)), "the other has read");
            return decision;
        }
    }
}
