using System.Text.Json;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Files;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Secrets;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.HostAgent.Moving;

/// <summary>What a receiver must know after a restart of what was on its way to it: a file each.</summary>
internal sealed class Arrivals(AgentSettings settings)
{
    private const string Kind = "arrival";
    private readonly SealedEnvironment environment = new(settings);
    private readonly string folder = Path.Combine(settings.StateFolder, "arrivals");

    /// <summary>All of them.</summary>
    /// <exception cref="ConfigurationException">The file system refuses.</exception>
    public IReadOnlyList<Arrival> All(Troubles troubles)
    {
        try
        {
            return Directory.Exists(folder) ? Read(troubles) : [];
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            throw new ConfigurationException(
                $"stateFolder: {folder} cannot be read ({HostException.OneLine(e)}), and nothing else tells what is on its way here");
        }
    }

    /// <summary>Writes or rewrites one.</summary>
    public void Save(Arrival arrival) => FileOf(arrival.Vm.Name).Save(arrival);

    /// <summary>It has arrived, or never will.</summary>
    public void Delete(Arrival arrival)
    {
        FileOf(arrival.Vm.Name).Delete();
        // As agents called it that kept none before it.
        File.Delete(Path.Combine(folder, arrival.Vm.Name));
    }

    private List<Arrival> Read(Troubles troubles)
    {
        var all = new List<Arrival>();
        // Whoever wrote it was killed before the record was whole: nothing had been begun by then that it would tell of.
        foreach (var unfinished in Directory.GetFiles(folder, "*" + WholeFile.Next))
            File.Delete(unfinished);
        foreach (var path in Directory.GetFiles(folder).Where(file => !RecordFile<Arrival>.IsBeside(file)))
        {
            var reading = RecordAt(path).Read();
            if (reading.Problem is { } problem)
                troubles.Tell("arrivals", $"{problem}; what it tells of and cannot be explained runs on, in quarantine");
            if (reading.Content is { } arrival)
                all.Add(arrival);
        }

        return all;
    }

    private Arrival Whole(JsonElement content) =>
        content.Deserialize<Arrival>(environment.Json) is { Vm.Name: not null, Offer.Record: not null } arrival
            ? arrival
            : throw new JsonException("something of it is missing");

    private RecordFile<Arrival> FileOf(string vm) => RecordAt(Path.Combine(folder, $"{vm}.json"));

    private RecordFile<Arrival> RecordAt(string path) => new(path, Kind, settings.Id, Whole, environment.Json);
}

/// <summary>A virtual machine on its way to this agent.</summary>
/// <param name="Vm">What it will be here; with its process once it is loaded.</param>
/// <param name="Offer">What the sender said of it.</param>
internal sealed record Arrival(RunningVm Vm, Handshake.Offer Offer);
