using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Store;
using JustRunIt.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace JustRunIt.Services.Experimenter.Tests;

/// <summary>Power reports, kept until an experiment asks for them.</summary>
public sealed class PowerReadingsTests : IAsyncLifetime
{
    /// <summary>A minute ago, in whole seconds.</summary>
    private static readonly DateTimeOffset Begin = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 60);

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
        var readings = new PowerReadings(dataSource, NullLogger<PowerReadings>.Instance);
        await readings.AddAsync(Report(0, 100, "a"), CancellationToken.None);
        await readings.AddAsync(Report(1, 200, "a", "b"), CancellationToken.None);
        await readings.AddAsync(Report(1, 200, "a", "b"), CancellationToken.None);
        await readings.AddAsync(Report(2, 900, "a"), CancellationToken.None);
        var mean = await readings.MeanAsync("dc", "a", Begin, Begin.AddSeconds(2), CancellationToken.None);
        Assert.Equal(150, mean!.Machine.Value, 9);
        Assert.Equal(("m", "rapl", false), (mean.OnMachine, mean.Meter, mean.Estimated));
        var other = await readings.MeanAsync("dc", "b", Begin.AddSeconds(1), Begin.AddSeconds(2), CancellationToken.None);
        Assert.Equal(200, other!.Machine.Value, 9);
        Assert.Null(await readings.MeanAsync("another", "a", Begin, Begin.AddSeconds(2), CancellationToken.None));
        Assert.Null(await readings.MeanAsync("dc", "a", Begin, Begin.AddSeconds(60), CancellationToken.None));
    }

    [Fact]
    public async Task What_is_older_than_an_hour_goes()
    {
        var readings = new PowerReadings(dataSource, NullLogger<PowerReadings>.Instance);
        await readings.AddAsync(Report(-3000, 100, "a"), CancellationToken.None);
        await readings.AddAsync(Report(-3700, 100, "a"), CancellationToken.None);
        await readings.AddAsync(Report(0, 100, "a"), CancellationToken.None);
        Assert.Equal(2, await CountAsync());
    }

    [Theory]
    [InlineData(3600 + 120)]
    [InlineData(100_000_000)]
    [InlineData(75)]
    public async Task What_ends_in_the_future_is_left_out_with_a_warning_and_drops_nothing(int second)
    {
        var lines = new Lines();
        var readings = new PowerReadings(dataSource, lines);
        await readings.AddAsync(Report(0, 100, "a"), CancellationToken.None);
        Assert.Empty(lines.Said);
        await readings.AddAsync(Report(second, 900, "b"), CancellationToken.None);
        Assert.Equal(1, await CountAsync());
        var (level, text) = Assert.Single(lines.Said);
        Assert.Equal(LogLevel.Warning, level);
        Assert.StartsWith("power of m from agent is left out: it ends at ", text);
    }

    private async Task<long> CountAsync()
    {
        await using var command = dataSource.CreateCommand("SELECT count(*) FROM justrunit.power");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static PowerMeasured Report(int second, double watts, params string[] vms) => new(
        "dc",
        "agent",
        "m",
        Begin.AddSeconds(second),
        Begin.AddSeconds(second + 1),
        new Watts(watts),
        null,
        false,
        "rapl",
        [.. vms.Select(vm => new VmPower(vm, new CpuShare(0.5), null))]);

    private sealed class Lines : ILogger<PowerReadings>
    {
        public List<(LogLevel Level, string Text)> Said { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Said.Add((logLevel, formatter(state, exception)));
    }
}
