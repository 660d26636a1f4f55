using System.Globalization;
using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.Power;

/// <summary>
/// The processor's own energy counters (RAPL) as the kernel's powercap files tell them (kernel documentation,
/// power/powercap/powercap.rst). The platform zone (psys) where the machine has it: it counts the whole board. Otherwise every
/// package and its memory (dram): processors and memory, without disks, fans and losses of the power supply.
/// </summary>
internal sealed class RaplMeter : IPowerMeter
{
    /// <summary>Where the kernel has its powercap files.</summary>
    public const string DefaultFolder = "/sys/class/powercap";

    // One of several interfaces to the same counters; intel-rapl-mmio shows the packages a second time. AMD's have this name too.
    private const string ControlType = "intel-rapl:";

    private readonly TimeProvider clock;
    private readonly List<Zone> zones;
    private long lastTime;
    private long[]? last;

    private RaplMeter(List<Zone> zones, TimeProvider clock)
    {
        this.zones = zones;
        this.clock = clock;
        Description = $"rapl ({string.Join(", ", zones.Select(zone => zone.Name))})";
    }

    /// <inheritdoc />
    public string Description { get; }

    /// <inheritdoc />
    public bool Estimated => false;

    /// <summary>Finds the zones.</summary>
    /// <exception cref="PowerMeterException">There are none, or they cannot be read.</exception>
    public static RaplMeter Open(string folder, TimeProvider clock)
    {
        try
        {
            var all = !Directory.Exists(folder)
                ? []
                : Directory.GetDirectories(folder, ControlType + "*")
                    .Where(zone => File.Exists(Path.Combine(zone, "energy_uj")))
                    .Order(StringComparer.Ordinal)
                    .Select(Zone.Read)
                    .ToList();
            var platform = all.Where(zone => zone.Name.StartsWith("psys", StringComparison.Ordinal)).ToList();
            var parts = platform.Count > 0
                ? platform
                : all.Where(zone => zone.Name.StartsWith("package", StringComparison.Ordinal) || zone.Name == "dram").ToList();
            return parts.Count > 0
                ? new RaplMeter(parts, clock)
                : throw new PowerMeterException(
                    $"{folder} has no RAPL zone of a package; the processor has none, or the module intel_rapl_msr is not loaded");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PowerMeterException(e.Message);
        }
    }

    /// <inheritdoc />
    public Task<Watts?> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            var now = clock.GetTimestamp();
            var energies = zones.Select(zone => zone.Energy()).ToArray();
            Watts? power = null;
            if (last is not null && clock.GetElapsedTime(lastTime, now) is { Ticks: > 0 } elapsed)
            {
                var microjoules = zones.Select((zone, i) => EnergyCounter.Between(last[i], energies[i], zone.Range)).Sum();
                power = new Watts(microjoules / elapsed.TotalMicroseconds);
            }

            (last, lastTime) = (energies, now);
            return Task.FromResult(power);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next reading compares with nothing: time that was not counted may hold a wrap.
            last = null;
            throw new PowerMeterException(e.Message);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // Files are opened for each reading: the kernel's counters have no handle.
    }

    private sealed record Zone(string Name, string File, long Range)
    {
        public static Zone Read(string folder) => new(
            System.IO.File.ReadAllText(Path.Combine(folder, "name")).Trim(),
            Path.Combine(folder, "energy_uj"),
            Number(Path.Combine(folder, "max_energy_range_uj")));

        public long Energy() => Number(File);

        private static long Number(string file) => long.Parse(System.IO.File.ReadAllText(file).Trim(), CultureInfo.InvariantCulture);
    }
}
