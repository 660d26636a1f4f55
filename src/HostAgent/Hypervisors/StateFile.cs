using System.Text.Json;
using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.Configuration;

namespace JustRunIt.HostAgent.Hypervisors;

/// <summary>What the agent must know after a restart: a JSON file, replaced as a whole.</summary>
internal sealed class StateFile(AgentSettings settings)
{
    private readonly string file = Path.Combine(settings.StateFolder, "running.json");

    /// <summary>What ran when it was last saved; empty when there is no file, or no readable one.</summary>
    public IReadOnlyList<RunningVm> Load()
    {
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize<List<RunningVm>>(File.ReadAllText(file), Wire.Json) ?? [] : [];
        }
        catch (JsonException)
        {
            // Written by another version: what it knew is cleaned up as unknown.
            return [];
        }
    }

    /// <summary>Saves what runs.</summary>
    /// <exception cref="HypervisorException">It cannot, for want of space for one; what was saved before is still there.</exception>
    public void Save(IReadOnlyCollection<RunningVm> running)
    {
        var next = file + ".next";
        try
        {
            Directory.CreateDirectory(settings.StateFolder);
            File.WriteAllText(next, JsonSerializer.Serialize(running, Wire.Json));
            File.Move(next, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(next);
            throw new HypervisorException($"what runs cannot be noted for the agent's next start: {e.Message}");
        }
    }
}
