using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Store;
using JustRunIt.Events.Store.Power;

namespace JustRunIt.Events.Store.Tests;

/// <summary>Power reports, kept until an experiment asks for them.</summary>
public sealed class PowerReadingsTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly Scene scene = new();

    public async Task InitializeAsync()
    {
        await scene.InitializeAsync();
        using var host = await scene.StartAsync();
        await host.StopAsync();
    }

    public Task DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task The_mean_of_a_window_is_of_one_virtual_machine_and_a_report_twice_is_one()
    {
        await using var dataSource = ServiceHost.CreateDataSource(scene.Connections, "test-power");
        var readings = new PowerReadings(dataSource);
        await readings.AddAsync(Report(0, 100, "a"), CancellationToken.None);
        await readings.AddAsync(Report(1, 200, "a", "b"), CancellationToken.None);
        await readings.AddAsync(Report(1, 200, "a", "b"), CancellationToken.None);
        await readings.AddAsync(Report(2, 900, "a"), CancellationToken.None);
        var mean = await readings.MeanAsync("dc", "a", Noon, Noon.AddSeconds(2), CancellationToken.None);
        Assert.Equal(150, mean!.Machine.Value, 9);
        Assert.Equal(("m", "rapl", false), (mean.OnMachine, mean.Meter, mean.Estimated));
        Assert.Equal(200, (await readings.MeanAsync("dc", "b", Noon.AddSeconds(1), Noon.AddSeconds(2), CancellationToken.None))!.Machine.Value, 9);
        Assert.Null(await readings.MeanAsync("another", "a", Noon, Noon.AddSeconds(2), CancellationToken.None));
        Assert.Null(await readings.MeanAsync("dc", "a", Noon, Noon.AddSeconds(60), CancellationToken.None));
    }

    [Fact]
    public async Task What_is_older_than_an_hour_goes()
    {
        await using var dataSource = ServiceHost.CreateDataSource(scene.Connections, "test-power");
        var readings = new PowerReadings(dataSource);
        await readings.AddAsync(Report(0, 100, "a"), CancellationToken.None);
        await readings.AddAsync(Report(3700, 100, "a"), CancellationToken.None);
        Assert.Equal(1, await scene.CountAsync("SELECT count(*) FROM justrunit.power"));
    }

    private static PowerMeasured Report(int second, double watts, params string[] vms) => new(
        "dc",
        "agent",
        "m",
        Noon.AddSeconds(second),
        Noon.AddSeconds(second + 1),
        new Watts(watts),
        null,
        false,
        "rapl",
        [.. vms.Select(vm => new VmPower(vm, new CpuShare(0.5), null))]);
}
