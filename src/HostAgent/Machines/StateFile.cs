using System.Text.Json;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Files;
using JustRunIt.HostAgent.Secrets;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Files;

namespace JustRunIt.HostAgent.Machines;

/// <summary>What the agent must know after a restart: a record, replaced as a whole, with the one before.</summary>
internal sealed class StateFile
{
    private const string FileName = "running.json";
    private const string Kind = "running";
    private readonly AgentSettings settings;
    private readonly SealedEnvironment environment;
    private readonly RecordFile<HostRecord> written;

    public StateFile(AgentSettings settings)
    {
        this.settings = settings;
        environment = new SealedEnvironment(settings);
        written = RecordOf(null);
    }

    /// <summary>Makes sure that the folder is there and can be written to.</summary>
    /// <exception cref="ConfigurationException">It cannot be had, with the reason.</exception>
    public static void Prepare(AgentSettings settings)
    {
        var folder = settings.StateFolder;
        try
        {
            if (File.Exists(folder))
                throw new IOException("it is a file");
            Make(folder);
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

    /// <summary>What ran when it was last saved; where that cannot be read, what ran the time before, or nothing.</summary>
    public RecordReading<HostRecord> Read()
    {
        var entries = new List<string>();
        var reading = RecordOf(content => Content(content, entries)).Read();
        return reading with
        {
            IsNewest = reading is { IsNewest: true, Content: not { IsOlder: true } },
            Problems = [.. reading.Problems, .. entries],
        };
    }

    /// <summary>What the record before the last one tells: for an operator's decision, not for the agent's own.</summary>
    public HostRecord? ReadPrevious() => RecordOf(content => Content(content, [])).TryRead(written.Previous, []);

    /// <summary>Saves what runs.</summary>
    /// <exception cref="HostException">It cannot, for want of space for one; what was saved before is still there.</exception>
    public void Save(HostRecord record)
    {
        try
        {
            Make(settings.StateFolder);
            written.Save(record);
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            throw new HostException($"what runs cannot be noted for the agent's next start: {HostException.OneLine(e)}");
        }
    }

    /// <summary>Tightened, too, where an earlier version has left it open: what it holds is the agent's.</summary>
    private static void Make(string folder)
    {
        if (File.Exists(Path.Combine(folder, FileName)))
            OwnerOnly.OwnFolder(folder);
        else
            OwnerOnly.Folder(folder);
    }

    // Read entry by entry: one that cannot be read must not take the others with it.
    private RecordFile<HostRecord> RecordOf(Func<JsonElement, HostRecord>? read) =>
        new(Path.Combine(settings.StateFolder, FileName), Kind, settings.Id, read, environment.Json);

    private HostRecord Content(JsonElement content, List<string> problems) => content.ValueKind switch
    {
        // As agents wrote it that had no versions yet: what runs.
        JsonValueKind.Array => new HostRecord(Entries<RunningVm>(content, IsWhole, problems), [], [], []),
        JsonValueKind.Object => new HostRecord(
            List<RunningVm>(content, "running", IsWhole, problems),
            List<Beginning>(content, "beginning", _ => true, problems),
            List<RunningVm>(content, "ending", IsWhole, problems),
            List<Quarantined>(content, "quarantined", one => one.Known is null || IsWhole(one.Known), problems))
        {
            // Records of earlier versions do not have it.
            Untold = content.TryGetProperty("untold", out _)
                ? List<VmExit>(content, "untold", one => one.Vm is { } vm && IsWhole(vm), problems)
                : [],
            IsOlder = content.TryGetProperty("isOlder", out var isOlder) && isOlder.ValueKind == JsonValueKind.True,
        },
        _ => throw new JsonException("it holds no list of what runs"),
    };

    private List<T> List<T>(JsonElement content, string name, Func<T, bool> isWhole, List<string> problems) =>
        content.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? Entries(list, isWhole, problems)
            : throw new JsonException($"it has no list '{name}'");

    private List<T> Entries<T>(JsonElement list, Func<T, bool> isWhole, List<string> problems)
    {
        var read = new List<T>();
        var number = 0;
        foreach (var entry in list.EnumerateArray())
        {
            number++;
            try
            {
                read.Add(entry.Deserialize<T>(environment.Json) is { } one && isWhole(one)
                    ? one
                    : throw new JsonException("something of it is missing"));
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                problems.Add($"entry {number} of running.json cannot be read ({HostException.OneLine(e)})");
            }
        }

        return read;
    }

    private static bool IsWhole(RunningVm vm) => vm is
    {
        Name: not null,
        Machine: not null,
        Endpoint: not null,
        Details: not null,
        Start: { Program: { Arguments: not null, Environment: not null, Listen: not null } },
    } && vm.Origin is null or { Command: not null };
}
