using JustRunIt.Client.Hosts;
using JustRunIt.Client.Observing;
using JustRunIt.Client.Supervision;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.Hosting.Messaging;

namespace JustRunIt.Demo;

/// <summary>Starts the servers of the auctions as virtual machines, by the commands that any operator would send.</summary>
internal sealed class DemoServers(string folder, Publisher publisher, Observer observer)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>Waits for the host agent and asks it what it is.</summary>
    /// <exception cref="InvalidOperationException">It ended; the message holds its reason.</exception>
    public async Task<HostReported> AskAsync(Fleet fleet, CancellationToken cancellation)
    {
        await observer.WaitAsync(
            seen => fleet.FirstFailed() is not null || seen.Of<MachineAnnounced>().Any(),
            Patience,
            () => "start of the host agent",
            cancellation);
        if (fleet.FirstFailed() is { } failed)
            throw new InvalidOperationException($"{failed.Name} ended: {failed.LastWords(1)}");
        var question = await HostAgents.AskAsync(publisher, cancellation);
        await observer.WaitAsync(
            seen => seen.Of<HostReported>().Any(answer => answer.RequestId == question),
            Patience,
            () => "answer of the host agent",
            cancellation);
        return observer.Of<HostReported>().First(answer => answer.RequestId == question);
    }

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
            seen => seen.Of<VmStartFailed>().Any() || commands.TrueForAll(start => IsStarted(seen, start)),
            Patience,
            () => "start of the servers",
            cancellation);
        if (observer.Of<VmStartFailed>().FirstOrDefault() is { } failed)
            throw new InvalidOperationException($"{failed.Vm} could not be started: {failed.Reason}");
    }

    /// <summary>Makes the data that every auction begins with; each database server gets a copy.</summary>
    /// <exception cref="InvalidOperationException">It could not; the message holds the reason.</exception>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        await using var prepare = ChildProcess.Start(
            "data of the auctions",
            Programs.OfSample("Auction", "Database"),
            ["--folder", Template, "--items", $"{DemoPlan.Items}", "--users", $"{DemoPlan.Users}"],
            new Dictionary<string, string>(),
            Path.Combine(folder, "logs", "database.log"));
        if (await prepare.WaitAsync(cancellation) != 0)
            throw new InvalidOperationException($"{prepare.Name} could not be made: {prepare.LastWords(1)}");
    }

    private static bool IsStarted(Observer seen, StartVm start) =>
        seen.Of<VmStarted>().Any(started => started.RequestId == start.RequestId);

    private string Template => Path.Combine(folder, "data", "template");

    private StartVm Data(DemoService service) => Start(
        service, "data", "data-1", service.Data, null, 100, "Database", health: null,
        "--folder", Path.Combine(folder, "data", service.Name), "--from", Template);

    private static StartVm Application(DemoService service) => Start(
        service, "application", service.Machine, service.Application, service.OutProxy, DemoPlan.InitialPercent, "Application", "/health",
        "--next", "{next}", "--candidates", $"{DemoPlan.Items}");

    private static StartVm Web(DemoService service) =>
        Start(service, "web", "web-1", service.Web, service.InProxy, 100, "Web", "/health", "--next", "{next}");

    private static StartVm Start(
        DemoService service,
        string tier,
        string machine,
        string listen,
        string? next,
        int percent,
        string program,
        string? health,
        params string[] arguments) => new(
        Guid.NewGuid(),
        DemoPlan.Agent,
        machine,
        tier == "application" ? service.ApplicationVm : $"{service.Name}-{tier}",
        service.Name,
        tier,
        Pinned: tier != "application",
        new VmProgram(
            "dotnet",
            [Programs.OfSample("Auction", program), "--listen", "{listen}", .. arguments],
            new Dictionary<string, string>(),
            "/",
            listen,
            next,
            health),
        Allocation.Of(CpuShare.FromPercent(percent), MemorySize.FromMebibytes(256)));
}
