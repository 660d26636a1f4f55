using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using JustRunIt.Infrastructure;

namespace JustRunIt.Services.Monitor.Tests;

/// <summary>The Monitor as a process: what its file says is on the streams, and what breaks it is said.</summary>
public sealed class MonitorTests : IAsyncLifetime
{
    private readonly ServiceScene scene = new("JustRunIt.Services.Monitor");
    private readonly string file = Path.GetTempFileName();

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(file, ServicesFileTests.Good);
        await scene.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await scene.DisposeAsync();
        File.Delete(file);
    }

    [Fact]
    public async Task What_the_file_says_is_registered_once_and_a_monitors_window_that_breaks_it_is_a_violation()
    {
        await scene.Bus.HearAsync<ServiceRegistered>();
        await scene.Bus.HearAsync<DataCenterConfigured>();
        await scene.Bus.HearAsync<SlaViolated>();
        scene.Start("--config", file);
        await scene.Bus.UntilAsync<ServiceRegistered>();
        await scene.Bus.UntilAsync<DataCenterConfigured>();
        Assert.Equal(1, (await scene.LoadAsync<PolicyState>(Streams.Policy("dc"))).State.Current.Version);

        var from = DateTimeOffset.UtcNow;
        var said = await scene.Bus.SayAsync(
            new ExternalWindowReported("probe", "shop", from, from.AddSeconds(10), 20, TimeSpan.FromMilliseconds(300)));
        var (violated, causation) = await scene.UntilAsync<SlaViolated>(Shop.Service);
        Assert.Equal(("probe", true, 300.0), (violated.Source, violated.External, violated.Value));
        Assert.Equal(said.ToString(), causation);
        Assert.Equal(said.ToString(), (await scene.Bus.UntilAsync<SlaViolated>()).Causation);

        await scene.StopAsync();
        scene.Start("--config", file);
        await scene.UntilAsync("SELECT count(*) = 2 FROM justrunit.handled WHERE decider = 'registering' AND why = 'Unchanged'");
        Assert.Equal(2, (await scene.LoadAsync<ServiceState>(Shop.Service)).Version);
    }

    [Fact]
    public async Task Of_many_services_each_stays_registered_until_the_file_names_it_no_longer()
    {
        const int services = 40;
        await WriteAsync(services);
        scene.Start("--config", file);
        await scene.UntilAsync($"SELECT count(*) = {services} FROM justrunit.mt_events WHERE type = 'justrunit.service-registered.v2'");
        await scene.StopAsync();
        scene.Start("--config", file);
        await scene.UntilAsync(
            $"SELECT count(*) = {services + 1} FROM justrunit.handled WHERE decider = 'registering' AND why = 'Unchanged'");
        await scene.StopAsync();
        await scene.UntilAsync("SELECT count(*) = 0 FROM justrunit.mt_events WHERE type LIKE 'justrunit.service-withdrawn.%'");

        await WriteAsync(services - 1);
        scene.Start("--config", file);
        await scene.UntilAsync<ServiceWithdrawn>(Streams.Service($"shop-{services - 1}"));
        await scene.UntilAsync("SELECT count(*) = 1 FROM justrunit.mt_events WHERE type LIKE 'justrunit.service-withdrawn.%'");
    }

    private Task WriteAsync(int services)
    {
        const string list = "services:";
        var at = ServicesFileTests.Good.IndexOf(list, StringComparison.Ordinal) + list.Length;
        var one = ServicesFileTests.Good[at..].TrimEnd();
        return File.WriteAllTextAsync(file, ServicesFileTests.Good[..at] + string.Concat(Enumerable.Range(0, services).Select(i =>
            one.Replace("name: shop", $"name: shop-{i}").Replace("vms: [shop-app]", $"vms: [shop-app-{i}]"))));
    }
}
