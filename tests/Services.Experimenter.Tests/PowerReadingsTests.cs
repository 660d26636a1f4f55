using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Store;
using JustRunIt.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace JustRunIt.Services.Experimenter.Tests;

/// <summary>Power reports, kept until an experiment asks for them.</summary>
public sealed class PowerReadingsTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly PostgresFixture postgres = new();
    private NpgsqlDataSource dataSource = null!;

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        dataSource = NpgsqlDataSource.Create(postgres.ConnectionString);
        var services = new ServiceCollection();
        PowerReadings.Register(services);
        await using var provider = services.BuildServiceProvider();
        await using var command = dataSource.CreateCommand(
            $"CREATE SCHEMA {StoreSetup.Schema}; {provider.GetRequiredService<StoreExtension>().Ddl}");
        await command.ExecuteNonQueryAsync();
    }

    public async Task DisposeAsync()
    {
        await dataSource.DisposeAsync();
        await postgres.DisposeAsync();
    }

    [Fact]
    public async Task The_mean_of_a_window_is_of_one_virtual_machine_and_a_report_twice_is_one()
    {
        var readings = new PowerReadings(dataSource);
        await readings.AddAsync(Report(0, 100, "a"), CancellationToken.None);
        await readings.AddAsync(Report(1, 200, "a", "b"), CancellationToken.None);
        await readings.AddAsync(Report(1, 200, "a", "b"), CancellationToken.None);
        await readings.AddAsync(Report(2, 900, "a"), CancellationToken.None);
        var mean = await readings.MeanAsync("dc", "a", Noon, Noon.AddSeconds(2), CancellationToken.None);
        Assert.Equal(150, mean!.Machine.Value, 9);
        Assert.Equal(("m", "rapl", false), (mean.OnMachine, mean.Meter, mean.Estimated));
        var other = await readings.MeanAsync("dc", "b", Noon.AddSeconds(1), Noon.AddSeconds(2), CancellationToken.None);
        Assert.Equal(200, other!.Machine.Value, 9);
        Assert.Null(await readings.MeanAsync("another", "a", Noon, Noon.AddSeconds(2), CancellationToken.None));
        Assert.Null(await readings.MeanAsync("dc", "a", Noon, Noon.AddSeconds(60), CancellationToken.None));
    }

    [Fact]
    public async Task What_is_older_than_an_hour_goes()
    {
        var readings = new PowerReadings(dataSource);
        await readings.AddAsync(Report(0, 100, "a"), CancellationToken.None);
        await readings.AddAsync(Report(3700, 100, "a"), CancellationToken.None);
        await using var command = dataSource.CreateCommand("SELECT count(*) FROM justrunit.power");
        Assert.Equal(1L, await command.ExecuteScalarAsync());
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
