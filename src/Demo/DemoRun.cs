using JustRunIt.Client.Hosts;
using JustRunIt.Client.Observing;
using JustRunIt.Client.Supervision;
using JustRunIt.Events;
using JustRunIt.Events.Authority;
using JustRunIt.Events.Store;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Hosting.Messaging.Authority;
using Spectre.Console;

namespace JustRunIt.Demo;

/// <summary>Runs the demonstration from nothing to the end, and leaves nothing running.</summary>
/// <param name="plan">What.</param>
/// <param name="backEnd">One of <see cref="DemoBackEnd.Names"/>.</param>
/// <param name="given">Broker and database server.</param>
/// <param name="folder">What it may write to.</param>
/// <param name="console">Where it is told.</param>
internal sealed class DemoRun(DemoPlan plan, string backEnd, Connections given, string folder, IAnsiConsole console)
{
    private const string Database = "justrunit_demo";
    private const int WarmUpClients = 5;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WarmUpThinkTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan CalibrationRamp = TimeSpan.FromSeconds(2);

    // All clients log in at once when the load begins, which is no load to agree upon.
    private static readonly TimeSpan LogIns = TimeSpan.FromSeconds(6);
    private const int CalibrationSeconds = 6;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(200);

    private readonly DateTimeOffset begin = DateTimeOffset.UtcNow;

    /// <summary>Runs it.</summary>
    public async Task<DemoFigures> RunAsync(CancellationToken cancellation)
    {
        Say($"Simulated physical machines: control groups on this one, whose cores each stand for {DemoPlan.CoreSize} of a real core.");
        var unseen = backEnd == DemoBackEnd.Automatic ? DemoBackEnd.WhyNotContainers() : null;
        var services = DemoPlan.Layout(new Ports());
        var files = new DemoFiles(folder, plan, unseen is null ? backEnd : "process", services);
        if (await Orphans.EndAsync(Fleet.FolderVariable, folder) is > 0 and var orphans)
            Say($"Ended {orphans} programs of a demonstration that was killed");
        DemoFolder.Renew(folder);
        await FreshStart.QueuesAsync(given.RabbitMq, DemoPlan.Agent, DemoPlan.Agent, cancellation);
        var connections = await FreshStart.DatabaseAsync(given, Database, cancellation);
        var credentials = BrokerIdentity.IsChecked ? CredentialFolder.FromEnvironment() : null;
        await using var fleet = new Fleet(connections, folder, credentials);
        await fleet.PrepareAsync(
            [new(Roles.Of(Catalog.HostAgent), DemoPlan.Agent), new(Roles.Of(Catalog.ProxyNode), DemoPlan.Agent)], cancellation);
        var bus = await HostAgents.OperatorAddressAsync(connections.RabbitMq, cancellation);
        await using var observer = await Observer.ConnectAsync(bus, cancellation);
        await using var publisher = await Publisher.ConnectAsync(bus, "demo", cancellation);

        var servers = new DemoServers(folder, publisher, observer);
        Say("Preparing the auctions' data");
        await servers.PrepareAsync(cancellation);
        Say("Starting the host agent, the proxies and the services");
        fleet.Start("HostAgent", "--config", files.WriteAgent());
        fleet.Start("ProxyNode", "--config", files.WriteProxies());
        foreach (var service in Fleet.Services.Except(["Services.Monitor"]))
            fleet.Start(service);
        var host = await servers.AskAsync(fleet, cancellation);
        var because = unseen is null ? host.Why : $"not container: {unseen}";
        Say($"Servers are run by the {host.Hypervisor} back end ({because}); clones are {host.Clones}");
        if (host.Hypervisor != "container")
            await DemoFolder.RemoveDisksAsync(folder);
        await servers.StartAsync(services, cancellation);
        Say($"{services.Count} auctions run: web, application and database tier each, "
            + $"application servers at {DemoPlan.InitialPercent} % of a core");

        await WarmUpAsync(services, cancellation);
        var capacity = await CalibrateAsync(services[DemoPlan.Surging], cancellation);
        var agreed = TimeSpan.FromSeconds(DemoPlan.AgreedServiceTimes / capacity);
        var clients = (int)Math.Round(DemoPlan.InitialUtilization * capacity * (DemoPlan.ThinkTime.TotalSeconds + (2 / capacity)));
        Say($"An application server at {DemoPlan.InitialPercent} % bears {capacity:0.0} requests/s; "
            + $"SLA: mean response time {agreed.TotalMilliseconds:0} ms over {plan.Window.TotalSeconds:0} s");
        var emulators = services
            .Select((service, i) => StartClients(service, clients, DemoPlan.ThinkTime, seed: i + 1, service.Name))
            .ToList();
        var start = DateTimeOffset.UtcNow;
        try
        {
            Say($"{clients} clients a service; steady load for {plan.Steady.TotalSeconds:0} s");
            await Task.Delay(LogIns, cancellation);
            fleet.Start("Services.Monitor", "--config", files.WriteServices(agreed));
            await Task.Delay(plan.Steady - LogIns, cancellation);
            var service = services[DemoPlan.Surging].Name;
            var surge = new DemoSurge(plan.Patience);
            var problem = await FollowAsync(service, start, surge, GrowAsync, observer, fleet, cancellation);
            return new DemoReader([.. observer.All], service).Read(start, surge.Loads, agreed, capacity, because, problem);

            async Task GrowAsync(double factor)
            {
                await emulators[DemoPlan.Surging].SetClientsAsync((int)Math.Round(clients * factor));
                Say(DemoNarrator.Tell(service, factor));
            }
        }
        finally
        {
            foreach (var emulator in emulators)
                await emulator.DisposeAsync();
        }
    }

    /// <summary>A little load on every auction, so that nothing is compiled or read for the first time later.</summary>
    private async Task WarmUpAsync(IReadOnlyList<DemoService> services, CancellationToken cancellation)
    {
        Say("Warming up");
        var emulators = services.Select(service => StartClients(service, WarmUpClients, WarmUpThinkTime, seed: 98, "warm-up")).ToList();
        await Task.Delay(WarmUp, cancellation);
        foreach (var emulator in emulators)
            await emulator.DisposeAsync();
    }

    /// <summary>What an application server bears with its first allocation: throughput under more clients than it can serve.</summary>
    private async Task<double> CalibrateAsync(DemoService service, CancellationToken cancellation)
    {
        Say($"Measuring what the application server of {service.Name} bears");
        await using var emulator = StartClients(service, DemoPlan.CalibrationClients, TimeSpan.Zero, seed: 99, "calibration");
        await Task.Delay(CalibrationRamp + TimeSpan.FromSeconds(CalibrationSeconds), cancellation);
        return emulator.ThroughputPerSecond(CalibrationSeconds) is > 0 and var capacity
            ? capacity
            : throw new InvalidOperationException($"{service.Name} answered nothing while its capacity was measured; see {folder}/logs");
    }

    private Emulator StartClients(DemoService service, int clients, TimeSpan think, int seed, string log) => Emulator.Start(
        "Auction", service.Web, clients, think, seed, DemoPlan.Users, Path.Combine(folder, "logs", $"emulator-{log}.log"));

    /// <summary>Lets the load grow, and tells what happens until the agreement holds again; returns why it does not.</summary>
    private async Task<string?> FollowAsync(
        string service,
        DateTimeOffset start,
        DemoSurge surge,
        Func<double, Task> growAsync,
        Observer observer,
        Fleet fleet,
        CancellationToken cancellation)
    {
        var progress = new ExperimentProgress(console);
        var outcome = new DemoOutcome(service);
        while (surge.Loads.Count == 0 || DateTimeOffset.UtcNow < surge.LastAt + plan.TimeLimit)
        {
            if (surge.Next(DateTimeOffset.UtcNow, outcome.IsBorne) is { } factor)
                await growAsync(factor);
            if (fleet.FirstFailed() is { } failed)
                return $"{failed.Name} ended: {failed.LastWords()}";
            while (observer.News.TryRead(out var news))
            {
                progress.Hear(news.Message);
                if (news.SeenAt >= start && DemoNarrator.Tell(news.Message) is { } line)
                {
                    progress.Clear();
                    Say(line, news.SeenAt);
                }

                outcome.Hear(news.Message, surge.Loads[0].At);
                if (outcome.Impossible is { } impossible)
                    return impossible;
            }

            if (outcome.IsRestored(DateTimeOffset.UtcNow, plan.Window))
                return null;
            progress.Show();
            await Task.Delay(BetweenLooks, cancellation);
        }

        return outcome.Missing(plan.TimeLimit);
    }

    private void Say(string line) => Say(line, DateTimeOffset.UtcNow);

    private void Say(string line, DateTimeOffset at) => console.WriteLine($"{(at - begin).TotalSeconds,6:0.0} s  {line}");
}
