using System.Text.Json;
using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.HostAgent.Machines;

/// <summary>What the agent must know after a restart: a JSON file, replaced as a whole.</summary>
internal sealed class StateFile(AgentSettings settings)
{
    private const string Unreadable = ".unreadable";
    private readonly string file = Path.Combine(settings.StateFolder, "running.json");

    /// <summary>Makes sure that the folder is there and can be written to.</summary>
    /// <exception cref="ConfigurationException">It cannot be had, with the reason.</exception>
    public static void Prepare(AgentSettings settings)
    {
        var folder = settings.StateFolder;
        try
        {
            if (File.Exists(folder))
                throw new IOException("it is a file");
            Directory.CreateDirectory(folder);
            var probe = Path.Combine(folder, ".writable");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ConfigurationException(
                $"stateFolder: '{folder}' cannot be used ({HostException.OneLine(e)}); "
                + "allowed is a folder that the agent can make and write to");
        }
    }

    /// <summary>What ran when it was last saved; empty when there is no file.</summary>
    /// <param name="problem">Why the file cannot be read; null when it can, or is not there.</param>
    public IReadOnlyList<RunningVm> Load(out string? problem)
    {
        problem = null;
        try
        {
            if (!Path.Exists(file))
                return [];
            var known = JsonSerializer.Deserialize<List<RunningVm?>>(File.ReadAllText(file), Wire.Json)
                ?? throw new JsonException("it holds nothing");
            return known.All(IsWhole) ? [.. known.OfType<RunningVm>()] : throw new JsonException("it holds what is no virtual machine");
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A file of another version, cut off, or written by somebody else: what its text makes our own types throw is any exception.
            problem = $"{file} cannot be read ({HostException.OneLine(e)})";
            return [];
        }
    }

    /// <summary>Keeps an unreadable file for whoever wants to look at it.</summary>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    public string SetAside()
    {
        var aside = file + Unreadable;
        if (Directory.Exists(file))
            Directory.Move(file, aside);
        else
            File.Move(file, aside, overwrite: true);
        return aside;
    }

    /// <summary>Saves what runs.</summary>
    /// <exception cref="HostException">It cannot, for want of space for one; what was saved before is still there.</exception>
    public void Save(IReadOnlyCollection<RunningVm> running)
    {
        var next = file + ".next";
        try
        {
            Directory.CreateDirectory(settings.StateFolder);
            File.WriteAllText(next, JsonSerializer.Serialize(running, Wire.Json));
            File.Move(next, file, overwrite: true);
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            TryDelete(next);
            throw new HostException($"what runs cannot be noted for the agent's next start: {HostException.OneLine(e)}");
        }
    }

    private static bool IsWhole(RunningVm? vm) => vm is
    {
        Name: not null,
        Machine: not null,
        Endpoint: not null,
        Details: not null,
        Start: { Program: { Arguments: not null, Environment: not null, Listen: not null } },
    } && vm.Origin is null or { Command: not null };

    private static void TryDelete(string next)
    {
        try
        {
            File.Delete(next);
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            // It was never there, or the whole folder is gone.
        }
    }
}
