using JustRunIt.Console.Observing;
using JustRunIt.Console.Supervision;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Store;
using JustRunIt.Events.Store.Messaging;
using Npgsql;

namespace JustRunIt.Console.Demo;

/// <summary>Starts the servers of the auctions as virtual machines, by the commands that any operator would send.</summary>
internal sealed class DemoServers(Connections connections, Publisher publisher, Observer observer)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Starts all tiers and waits until they are healthy.</summary>
    /// <exception cref="InvalidOperationException">One could not be started; the message holds the agent's reason.</exception>
    public async Task StartAsync(IReadOnlyList<DemoService> services, CancellationToken cancellation)
    {
        var commands = services.SelectMany(service => new[] { Data(service), Application(service), Web(service) }).ToList();
        foreach (var start in commands)
        {
            await publisher.SendAsync(
                start, new MessageHeaders(start.RequestId, start.RequestId, DateTimeOffset.UtcNow, null, 0), cancellation);
        }

        await observer.WaitAsync(
            seen => seen.Of<VmStartFailed>().Any() || commands.TrueForAll(start => seen.Of<VmStarted>().Any(started => started.RequestId == start.RequestId)),
            Patience,
            () => "start of the servers",
            cancellation);
        if (observer.Of<VmStartFailed>().FirstOrDefault() is { } failed)
            throw new InvalidOperationException($"{failed.Vm} could not be started: {failed.Reason}");
    }

    private StartVm Data(DemoService service)
    {
        var database = new NpgsqlConnectionStringBuilder(connections.Postgres) { Database = service.Database }.ConnectionString;
        return Start(
            service, "data", "data-1", service.Data, null, 100, "Data",
            "--database", database, "--items", $"{DemoPlan.Items}", "--users", $"{DemoPlan.Users}");
    }

    private static StartVm Application(DemoService service) => Start(
        service, "application", service.Machine, service.Application, service.OutProxy, DemoPlan.InitialPercent, "Application",
        "--next", "{next}", "--candidates", $"{DemoPlan.Items}");

    private static StartVm Web(DemoService service) =>
        Start(service, "web", "web-1", service.Web, service.InProxy, 100, "Web", "--next", "{next}");

    private static StartVm Start(
        DemoService service, string tier, string machine, string listen, string? next, int percent, string program, params string[] arguments) => new(
        Guid.NewGuid(),
        DemoPlan.Agent,
        machine,
        tier == "application" ? service.ApplicationVm : $"{service.Name}-{tier}",
        service.Name,
        tier,
        Pinned: tier != "application",
        new VmProgram(
            "dotnet",
            [Programs.OfAuction(program), "--listen", "{listen}", .. arguments],
            new Dictionary<string, string>(),
            Programs.Home,
            listen,
            next,
            "/health"),
        CpuShare.FromPercent(percent),
        MemorySize.FromMebibytes(256));
}
