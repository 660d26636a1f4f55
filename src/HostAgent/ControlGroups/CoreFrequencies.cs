using System.Globalization;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Files;

namespace JustRunIt.HostAgent.ControlGroups;

/// <summary>
/// Highest frequencies of cores, through the kernel's cpufreq (kernel documentation, admin-guide/pm/cpufreq.rst). What a core
/// had before is kept in a file, and given back when nobody asks for another frequency any more.
/// </summary>
/// <param name="folder">Folder of the cores, <see cref="DefaultFolder"/> but for tests.</param>
/// <param name="stateFile">Where the former frequencies are kept.</param>
/// <param name="owner">Mark of the agent that they are kept for.</param>
internal sealed class CoreFrequencies(string folder, string stateFile, string owner)
{
    /// <summary>Where the kernel tells of its cores.</summary>
    public const string DefaultFolder = "/sys/devices/system/cpu";

    private const string Highest = "scaling_max_freq";
    private readonly Lock gate = new();
    private readonly RecordFile<Dictionary<int, Frequency>> kept = new(stateFile, "frequencies", owner);

    /// <summary>Why these cores cannot have this frequency; null when they can. Changes nothing.</summary>
    public string? Problem(IReadOnlyList<int> cores, Frequency frequency)
    {
        foreach (var core in cores)
        {
            if (!File.Exists(FileOf(core, Highest)))
            {
                return $"frequency: core {core} has no frequency scaling here (no {FileOf(core, Highest)}: "
                    + "a virtual machine, or no driver for the processor)";
            }

            var (lowest, highest) = (Read(core, "cpuinfo_min_freq"), Read(core, "cpuinfo_max_freq"));
            if (frequency < lowest || frequency > highest)
                return $"frequency: '{frequency}' for core {core}; allowed is {lowest} to {highest}";
            // Cores of one clock domain have one frequency.
            var others = CoreList.Parse(File.ReadAllText(FileOf(core, "affected_cpus")).Trim().Replace(' ', ',')).Except(cores).ToList();
            if (others.Count > 0)
                return $"frequency: core {core} has its clock together with {CoreList.Format(others)}, which are not pinned with it";
        }

        return null;
    }

    /// <summary>Sets the highest frequency of cores.</summary>
    /// <returns>As read back: the lowest of the cores'. A driver may round to a step that the processor has.</returns>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public Frequency Set(IReadOnlyList<int> cores, Frequency frequency)
    {
        lock (gate)
        {
            var before = Load();
            foreach (var core in cores)
                before.TryAdd(core, Read(core, Highest));
            // Kept first: a crash between the two must not lose what was.
            Save(before);
            foreach (var core in cores)
                Write(core, frequency);
        }

        return cores.Select(core => Read(core, Highest)).Min();
    }

    /// <summary>Gives cores back what they had. Cores that were never changed are left alone.</summary>
    public void Restore(IEnumerable<int> cores)
    {
        lock (gate)
        {
            var before = Load();
            foreach (var core in cores)
            {
                if (before.Remove(core, out var frequency))
                    Write(core, frequency);
            }

            Save(before);
        }
    }

    /// <summary>Gives every core back what it had, but for those that somebody still has.</summary>
    public void RestoreAllBut(IReadOnlySet<int> held)
    {
        List<int> changed;
        lock (gate)
            changed = [.. Load().Keys];
        Restore(changed.Where(core => !held.Contains(core)));
    }

    private string FileOf(int core, string file) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"cpu{core}"), "cpufreq", file);

    // The files hold kilohertz.
    private Frequency Read(int core, string file) =>
        new(long.Parse(File.ReadAllText(FileOf(core, file)).Trim(), CultureInfo.InvariantCulture) * 1000);

    private void Write(int core, Frequency frequency) =>
        File.WriteAllText(FileOf(core, Highest), (frequency.Hertz / 1000).ToString(CultureInfo.InvariantCulture));

    /// <summary>What is kept; of a file that cannot be read, what was kept the time before.</summary>
    private Dictionary<int, Frequency> Load() => kept.Read().Content ?? [];

    private void Save(Dictionary<int, Frequency> before)
    {
        if (before.Count == 0)
            kept.Delete();
        else
            kept.Save(before);
    }
}
