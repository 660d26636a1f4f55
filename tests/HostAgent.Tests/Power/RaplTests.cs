using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Power;
using Microsoft.Extensions.Time.Testing;

namespace JustRunIt.HostAgent.Tests.Power;

/// <summary>RAPL over a folder with the shape of the kernel's.</summary>
public sealed class RaplTests : IDisposable
{
    private const long Range = 262_143_328_850;

    private readonly string folder = Directory.CreateTempSubdirectory("justrunit-powercap-").FullName;
    private readonly FakeTimeProvider clock = new();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Packages_and_their_memory_are_summed_and_their_cores_are_not_counted_twice()
    {
        Zone("intel-rapl:0", "package-0");
        Zone("intel-rapl:0:0", "core");
        Zone("intel-rapl:0:1", "dram");
        Zone("intel-rapl:1", "package-1");
        Zone("intel-rapl:1:0", "dram");
        Zone("intel-rapl-mmio:0", "package-0");
        using var meter = RaplMeter.Open(folder, clock);
        Assert.Equal("rapl (package-0, dram, package-1, dram)", meter.Description);
        Assert.False(meter.Estimated);
        Assert.Null(await meter.ReadAsync(CancellationToken.None));
        (string Zone, int Joules)[] used =
        [
            ("intel-rapl:0", 100), ("intel-rapl:0:0", 70), ("intel-rapl:0:1", 10),
            ("intel-rapl:1", 60), ("intel-rapl:1:0", 6), ("intel-rapl-mmio:0", 100),
        ];
        foreach (var (zone, joules) in used)
            Energy(zone, joules * 1_000_000L);
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(new Watts(88), await meter.ReadAsync(CancellationToken.None));
    }

    [Fact]
    public async Task The_platform_zone_counts_the_packages_already()
    {
        Zone("intel-rapl:0", "package-0");
        Zone("intel-rapl:1", "psys");
        using var meter = RaplMeter.Open(folder, clock);
        Assert.Equal("rapl (psys)", meter.Description);
        await meter.ReadAsync(CancellationToken.None);
        Energy("intel-rapl:0", 50_000_000);
        Energy("intel-rapl:1", 120_000_000);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(new Watts(120), await meter.ReadAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_counter_that_wraps_goes_on_counting()
    {
        Zone("intel-rapl:0", "package-0", Range - 10_000_000);
        using var meter = RaplMeter.Open(folder, clock);
        await meter.ReadAsync(CancellationToken.None);
        Energy("intel-rapl:0", 39_999_999);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(50, (await meter.ReadAsync(CancellationToken.None))!.Value.Value, 6);
    }

    [Theory]
    [InlineData(5, 9, 100, 4)]
    [InlineData(5, 5, 100, 0)]
    [InlineData(100, 0, 100, 1)]
    [InlineData(98, 1, 100, 4)]
    public void The_value_after_the_largest_is_zero(long before, long after, long range, long energy) =>
        Assert.Equal(energy, EnergyCounter.Between(before, after, range));

    [Fact]
    public async Task After_a_failed_reading_none_is_made_up()
    {
        Zone("intel-rapl:0", "package-0");
        using var meter = RaplMeter.Open(folder, clock);
        await meter.ReadAsync(CancellationToken.None);
        var file = Path.Combine(folder, "intel-rapl:0", "energy_uj");
        File.Delete(file);
        await Assert.ThrowsAsync<PowerMeterException>(() => meter.ReadAsync(CancellationToken.None));
        Energy("intel-rapl:0", 7);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await meter.ReadAsync(CancellationToken.None));
    }

    [Fact]
    public void A_machine_without_zones_says_so()
    {
        var problem = Assert.Throws<PowerMeterException>(() => RaplMeter.Open(Path.Combine(folder, "none"), clock));
        Assert.Contains("has no RAPL zone of a package", problem.Message);
    }

    private void Zone(string zone, string name, long energy = 0)
    {
        Directory.CreateDirectory(Path.Combine(folder, zone));
        File.WriteAllText(Path.Combine(folder, zone, "name"), name + "\n");
        File.WriteAllText(Path.Combine(folder, zone, "max_energy_range_uj"), Range + "\n");
        Energy(zone, energy);
    }

    private void Energy(string zone, long microjoules) => File.WriteAllText(Path.Combine(folder, zone, "energy_uj"), microjoules + "\n");
}
