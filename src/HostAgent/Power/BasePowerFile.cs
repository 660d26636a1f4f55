using System.Text.Json;
using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.Configuration;

namespace JustRunIt.HostAgent.Power;

/// <summary>Base power of the agent's machines, kept over restarts: a machine that is never idle again keeps its base.</summary>
internal sealed class BasePowerFile
{
    // Less of a change is not worth a write.
    private const double Noticeable = 0.005;

    private readonly string file;
    private readonly Dictionary<string, BasePower> bases;
    private readonly Dictionary<string, BasePower> saved;

    /// <summary>Reads the file; one that is missing or unreadable is empty.</summary>
    public BasePowerFile(AgentSettings settings)
    {
        file = Path.Combine(settings.StateFolder, "base-power.json");
        bases = Load(file);
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
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file + ".next", JsonSerializer.Serialize(bases, Wire.Json));
        File.Move(file + ".next", file, overwrite: true);
    }

    private static Dictionary<string, BasePower> Load(string file)
    {
        try
        {
            return File.Exists(file)
                ? JsonSerializer.Deserialize<Dictionary<string, BasePower>>(File.ReadAllText(file), Wire.Json) ?? []
                : [];
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return [];
        }
    }
}
