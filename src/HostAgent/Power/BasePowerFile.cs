using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Files;

namespace JustRunIt.HostAgent.Power;

/// <summary>Base power of the agent's machines, kept over restarts: a machine that is never idle again keeps its base.</summary>
internal sealed class BasePowerFile
{
    // Less of a change is not worth a write.
    private const double Noticeable = 0.005;

    private readonly RecordFile<Dictionary<string, BasePower>> file;
    private readonly Dictionary<string, BasePower> bases;
    private readonly Dictionary<string, BasePower> saved;

    /// <summary>Reads the file; one that is missing is empty, of one that is unreadable the one before is read.</summary>
    public BasePowerFile(AgentSettings settings)
    {
        file = new RecordFile<Dictionary<string, BasePower>>(
            Path.Combine(settings.StateFolder, "base-power.json"), "base-power", settings.Id);
        bases = file.Read().Content ?? [];
        saved = new(bases);
    }

    /// <summary>A machine's base; null when it has not been idle yet.</summary>
    public BasePower? Of(string machine) => bases.GetValueOrDefault(machine);

    /// <summary>Keeps a machine's base.</summary>
    public void Put(string machine, BasePower? power)
    {
        if (power is null)
            return;
        bases[machine] = power;
        if (saved.TryGetValue(machine, out var last) && last.Intervals == power.Intervals
            && Math.Abs(last.Watts.Value - power.Watts.Value) <= Noticeable * last.Watts.Value)
            return;
        saved[machine] = power;
        file.Save(bases);
    }
}
