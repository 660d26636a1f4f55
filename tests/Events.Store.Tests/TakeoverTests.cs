using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using JustRunIt.Events.Store;
using JustRunIt.Events.Store.Relaying;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure;
using JustRunIt.Infrastructure.Peers;
using Marten;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit.Abstractions;

namespace JustRunIt.Events.Store.Tests;

/// <summary>
/// How long it takes, after whatever has befallen the relay that leads, until the next event is with the broker: ten times each, on
/// servers of its own, while events are appended all the time. From when a server that was away answers again. In the end the broker has
/// every event that stands on a stream, and none was handed over by two that led at once.
/// </summary>
[Trait("Category", "Chaos")]
public sealed class TakeoverTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Tries = 10;

    /// <summary>What is aimed for, in every case.</summary>
    private static readonly TimeSpan AtMost = TimeSpan.FromSeconds(3);

    /// <summary>Whoever connects to a broker that is not quite there waits for its own time-out first.</summary>
    private static readonly TimeSpan AtMostOfBroker = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly RabbitMqFixture rabbitMq = new();
    private readonly ConcurrentBag<Guid> acknowledged = [];
    private HandedOver handedOver = null!;
    private LocalPostgreSql postgres = null!;
    private Connections connections = null!;
    private NpgsqlDataSource dataSource = null!;
    private IDocumentStore marten = null!;

    public async Task InitializeAsync()
    {
        await rabbitMq.InitializeAsync();
        postgres = await LocalPostgreSql.StartAsync();
        connections = new Connections(
            $"Host=127.0.0.1;Port={postgres.EndPoint.Port};Username=shop;Password=secret;Database=shop", rabbitMq.Address);
        dataSource = ServiceHost.CreateDataSource(connections, "test");
        marten = DocumentStore.For(options => StoreSetup.Configure(options, dataSource));
        await new SchemaSetup(marten, dataSource, [], NullLogger<SchemaSetup>.Instance).StartAsync(CancellationToken.None);
        await (await Publisher.ConnectAsync(connections.RabbitMq, "test", CancellationToken.None)).DisposeAsync();
        handedOver = await HandedOver.BeginAsync(connections.RabbitMq, dataSource);
    }

    public async Task DisposeAsync()
    {
        marten.Dispose();
        await dataSource.DisposeAsync();
        await postgres.DisposeAsync();
        await rabbitMq.DisposeAsync();
    }

    [Fact]
    public async Task The_process_that_leads_is_killed() => await MeasureAsync("killed", process =>
    {
        process.Kill();
        return Task.CompletedTask;
    });

    [Fact]
    public async Task The_process_that_leads_stands_still() => await MeasureAsync(
        "stopped",
        process =>
        {
            process.Stop();
            return Task.CompletedTask;
        },
        wakes: true);

    [Fact]
    public async Task The_host_of_the_process_that_leads_vanishes()
    {
        if (!VanishingHost.IsPossible)
            return;
        var times = new List<(TimeSpan Took, TimeSpan Stalled)>();
        using var standby = RelayProcess.Start(connections);
        for (var i = 0; i < Tries; i++)
        {
            using var host = new VanishingHost();
            await EndLeaseAsync(standby);
            using var there = RelayProcess.Start(VanishingHost.Seen(connections), host.Prefix);
            await UntilLeadsAsync(there);
            standby.Continue();
            await UntilRelayedAsync(await AppendAsync());
            await StandsByAsync();
            await using var load = new Load(this);
            host.Vanish();
            times.Add(await TakeoverAsync(there));
        }

        Report("host gone", times, AtMost);
        await CheckAsync();
    }

    [Fact]
    public async Task The_database_crashes_and_recovers() =>
        await MeasureAsync("database restarted", _ => postgres.RestartAsync(), isSame: true);

    [Fact]
    public async Task The_broker_restarts()
    {
        if ((await ServerAddresses.LocateAsync()).RabbitMqControl is not { } control)
            return;
        await MeasureAsync(
            "broker restarted",
            async _ =>
            {
                await PeerProcess.RunAsync(control, ["stop_app"]);
                await PeerProcess.RunAsync(control, ["start_app"]);
                for (var end = DateTime.UtcNow + Patience; ; await Task.Delay(20))
                {
                    try
                    {
                        var factory = new RabbitMQ.Client.ConnectionFactory { Uri = connections.RabbitMq };
                        await using var connection = await factory.CreateConnectionAsync();
                        return;
                    }
                    catch (RabbitMQ.Client.Exceptions.BrokerUnreachableException) when (DateTime.UtcNow < end)
                    {
                        // Not yet.
                    }
                }
            },
            isSame: true,
            isBroker: true);
    }

    /// <param name="what">What befalls the relay that leads, in a word.</param>
    /// <param name="befall">Has it befall.</param>
    /// <param name="isSame">Whether the same process may lead on.</param>
    /// <param name="wakes">Whether the process goes on afterwards, beside the one that leads by then.</param>
    /// <param name="isBroker">Whether it is the broker that it befalls.</param>
    private async Task MeasureAsync(
        string what, Func<RelayProcess, Task> befall, bool isSame = false, bool wakes = false, bool isBroker = false)
    {
        var times = new List<(TimeSpan Took, TimeSpan Stalled)>();
        var first = RelayProcess.Start(connections);
        await UntilLeadsAsync(first);
        var second = RelayProcess.Start(connections);
        try
        {
            for (var i = 0; i < Tries; i++)
            {
                await UntilRelayedAsync(await AppendAsync());
                await StandsByAsync();
                await using (new Load(this))
                {
                    await befall(first);
                    times.Add(await TakeoverAsync(isSame ? null : first));
                    if (wakes)
                    {
                        first.Continue();
                        for (var events = 0; events < 20; events++)
                            await UntilRelayedAsync(await AppendAsync());
                    }
                }

                if (isSame)
                    continue;
                if (wakes)
                {
                    // On a busy machine the lease may have changed once more.
                    if (!await LeadsAsync(first))
                        (first, second) = (second, first);
                    continue;
                }

                first.Dispose();
                first = second;
                second = RelayProcess.Start(connections);
            }

            await CheckAsync(inOrder: !isBroker);
        }
        finally
        {
            first.Dispose();
            second.Dispose();
        }

        Report(what, times, isBroker ? AtMostOfBroker : AtMost);
    }

    /// <summary>Whether the broker has heard everything, and whether one relay led at a time.</summary>
    private async Task CheckAsync(bool inOrder = true)
    {
        await UntilRelayedAsync(await AppendAsync());
        await handedOver.CheckAsync(acknowledged, inOrder);
    }

    /// <summary>Until an event that was appended after the mishap is with the broker.</summary>
    /// <param name="former">Who must not lead any more; null where the same may lead on.</param>
    private async Task<(TimeSpan Took, TimeSpan Stalled)> TakeoverAsync(RelayProcess? former)
    {
        using var stalls = new Stalls();
        var begin = Stopwatch.GetTimestamp();
        await UntilRelayedAsync(await AppendAsync());
        var took = (Stopwatch.GetElapsedTime(begin), stalls.Total);
        if (former is not null)
            Assert.DoesNotContain(former.Mark, await ScalarAsync<string>("SELECT holder FROM justrunit.relay"), StringComparison.Ordinal);
        return took;
    }

    private void Report(string what, List<(TimeSpan Took, TimeSpan Stalled)> times, TimeSpan atMost)
    {
        times.Sort();
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"takeover, {what}: {times.Count} times, min {times[0].Took.TotalSeconds:0.00}, "
            + $"median {times[times.Count / 2].Took.TotalSeconds:0.00}, max {times[^1].Took.TotalSeconds:0.00} s");
        output.WriteLine(line);
        Console.WriteLine(line);
        // Without what a busy machine let everybody wait.
        Assert.All(times, time => Assert.True(time.Took - time.Stalled <= atMost, $"{line}; {time.Took}, {time.Stalled} of it stalled"));
    }

    /// <summary>Appends an event; its number.</summary>
    private async Task<long> AppendAsync()
    {
        var matrix = Guid.NewGuid();
        for (var end = DateTime.UtcNow + Patience; ; await Task.Delay(5))
        {
            try
            {
                await using var session = marten.LightweightSession();
                var appended = session.Events.StartStream(Messaging.Streams.Matrix(matrix), Scene.Event(matrix));
                await session.SaveChangesAsync();
                acknowledged.Add(appended.Events[0].Id);
                return await ScalarAsync<long>($"SELECT seq_id FROM justrunit.mt_events WHERE id = '{appended.Events[0].Id}'");
            }
            catch (Exception e) when (StoreErrors.IsAway(e) && DateTime.UtcNow < end)
            {
                matrix = Guid.NewGuid();
            }
        }
    }

    private async Task UntilRelayedAsync(long sequence)
    {
        const string position = "SELECT position FROM justrunit.relay";
        for (var end = DateTime.UtcNow + Patience; await ScalarAsync<long>(position) < sequence; await Task.Delay(5))
            Assert.True(DateTime.UtcNow < end, $"event {sequence} is relayed");
    }

    private async Task<bool> LeadsAsync(RelayProcess process) =>
        (await ScalarAsync<string>("SELECT holder FROM justrunit.relay")).Contains(process.Mark, StringComparison.Ordinal);

    private async Task UntilLeadsAsync(RelayProcess process)
    {
        for (var end = DateTime.UtcNow + Patience; !await LeadsAsync(process); await Task.Delay(20))
            Assert.True(DateTime.UtcNow < end, $"{process.Mark} leads");
    }

    /// <summary>
    /// Another relay is connected and asks for the lease: the one that leads has two connections, the other one. Of one that led before,
    /// and has not noticed yet that it does no longer, there are two more.
    /// </summary>
    private async Task StandsByAsync()
    {
        for (var end = DateTime.UtcNow + Patience; await ScalarAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'justrunit-relay-%'") != 3; await Task.Delay(50))
            Assert.True(DateTime.UtcNow < end, "another relay stands by");
    }

    /// <summary>Keeps a relay from leading until it may go on.</summary>
    private async Task EndLeaseAsync(RelayProcess standby)
    {
        await StandbyStartedAsync();
        standby.Stop();
    }

    private async Task StandbyStartedAsync()
    {
        for (var end = DateTime.UtcNow + Patience; await ScalarAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'justrunit-relay-%'") < 1; await Task.Delay(50))
            Assert.True(DateTime.UtcNow < end, "the standby runs");
    }

    private async Task<T> ScalarAsync<T>(string sql)
    {
        for (var end = DateTime.UtcNow + Patience; ; await Task.Delay(5))
        {
            try
            {
                await using var command = dataSource.CreateCommand(sql);
                return (T)(await command.ExecuteScalarAsync())!;
            }
            catch (NpgsqlException e) when (StoreErrors.IsAway(e) && DateTime.UtcNow < end)
            {
                // Not yet.
            }
        }
    }

    /// <summary>Appends all the time.</summary>
    private sealed class Load : IAsyncDisposable
    {
        private readonly CancellationTokenSource ended = new();
        private readonly Task appending;

        public Load(TakeoverTests tests) => appending = Task.Run(async () =>
        {
            for (; !ended.IsCancellationRequested; await Task.Delay(20))
                await tests.AppendAsync();
        });

        public async ValueTask DisposeAsync()
        {
            await ended.CancelAsync();
            await appending;
            ended.Dispose();
        }
    }
}
