using System.Text.Json;
using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.HostAgent.Moving;

/// <summary>What a receiver must know after a restart of what was on its way to it: a file each.</summary>
internal sealed class Arrivals(AgentSettings settings)
{
    private readonly string folder = Path.Combine(settings.StateFolder, "arrivals");

    /// <summary>All of them.</summary>
    /// <exception cref="ConfigurationException">The file system refuses.</exception>
    public IReadOnlyList<Arrival> All()
    {
        try
        {
            return Directory.Exists(folder) ? Read() : [];
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            throw new ConfigurationException(
                $"stateFolder: {folder} cannot be read ({HostException.OneLine(e)}), and nothing else tells what is on its way here");
        }
    }

    /// <summary>Writes or rewrites one.</summary>
    public void Save(Arrival arrival)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(FileOf(arrival) + ".next", JsonSerializer.Serialize(arrival, Wire.Json));
        File.Move(FileOf(arrival) + ".next", FileOf(arrival), overwrite: true);
    }

    /// <summary>It has arrived, or never will.</summary>
    public void Delete(Arrival arrival) => File.Delete(FileOf(arrival));

    private List<Arrival> Read()
    {
        var all = new List<Arrival>();
        foreach (var file in Directory.GetFiles(folder))
        {
            try
            {
                var arrival = JsonSerializer.Deserialize<Arrival>(File.ReadAllText(file), Wire.Json);
                all.Add(arrival is { Vm.Name: not null, Offer.Record: not null } ? arrival : throw new JsonException());
            }
            catch (Exception e) when (e is JsonException or ArgumentException)
            {
                // Cut off while it was written the first time: nothing had been done yet.
                File.Delete(file);
            }
        }

        return all;
    }

    private string FileOf(Arrival arrival) => Path.Combine(folder, arrival.Vm.Name);
}

/// <summary>A virtual machine on its way to this agent.</summary>
/// <param name="Vm">What it will be here; with its process once it is loaded.</param>
/// <param name="Offer">What the sender said of it.</param>
internal sealed record Arrival(RunningVm Vm, Handshake.Offer Offer);
