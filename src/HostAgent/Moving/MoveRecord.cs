using JustRunIt.HostAgent.Files;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.Moving;

/// <summary>
/// Whose a virtual machine is while it moves between two agents of a host: a file of the sender's, which both see. Its name ends
/// in its state, and a rename or removal of <c>.offered</c>, which the kernel lets happen once only, decides: given, or stays.
/// Either agent may decide when the other has gone, and whoever starts again reads what was decided. Once given, each says when
/// it is done, and the second one removes the file.
/// </summary>
/// <param name="path">The file's path without its state.</param>
internal sealed class MoveRecord(string path)
{
    /// <summary>The state while nothing is decided; for programs that outlive their agent.</summary>
    public const string Offered = ".offered";

    private const string Kind = "move";

    // A hyphen, and 32 digits.
    private const int NumberLength = 33;
    private const string Given = ".given";
    private const string Taken = ".taken";
    private const string Forgotten = ".forgotten";

    /// <summary>The file's path without its state.</summary>
    public string Path => path;

    /// <summary>Whether it was decided that the receiver has it.</summary>
    public bool IsGiven => StatesOfGiven.Any(state => File.Exists(path + state));

    /// <summary>Whether nothing of it is left at the sender, which has no more to do with it.</summary>
    public bool IsForgotten => File.Exists(path + Forgotten);

    /// <summary>The states in which the receiver has it; for programs that outlive their agent.</summary>
    public static IReadOnlyList<string> StatesOfGiven { get; } = [Given, Taken, Forgotten];

    /// <summary>Whether there is one, in whatever state.</summary>
    public bool Exists => StatesOfGiven.Prepend(Offered).Any(state => File.Exists(path + state));

    /// <summary>Name of the virtual machine, which is in the file's name too.</summary>
    public string Vm => System.IO.Path.GetFileName(path) is { Length: > NumberLength } name ? name[..^NumberLength] : "";

    /// <summary>Path of a record of a move of one that begins.</summary>
    public static MoveRecord New(string folder, string vm) => new(System.IO.Path.Combine(folder, $"{vm}-{Guid.NewGuid():N}"));

    /// <summary>What is on the record; null when there is none (any more), or it cannot be read.</summary>
    public Content? Read(string owner)
    {
        foreach (var state in StatesOfGiven.Prepend(Offered))
        {
            // In another state by now, or cut off by a power cut before anything was done.
            if (new RecordFile<Content>(path + state, Kind, owner).TryRead(path + state, []) is { } content)
                return content;
        }

        return null;
    }

    /// <summary>Begins.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Offer(Content content, string owner)
    {
        new RecordFile<Content>(path, Kind, owner).SaveOnce(content);
        File.Move(path, path + Offered, overwrite: true);
        Posix.FlushFolder(System.IO.Path.GetDirectoryName(path)!);
    }

    /// <summary>Decides that the receiver has it; false when the other one has decided that it stays.</summary>
    public bool TryGive() => TryRename(Offered, Given) || IsGiven;

    /// <summary>Decides that it stays where it was; false when the other one has decided that it is given.</summary>
    public bool TryWithdraw()
    {
        Delete(Offered);
        return !IsGiven;
    }

    /// <summary>The receiver runs it, and knows it after a restart.</summary>
    public void SayTaken() => SayDone(Taken, Forgotten);

    /// <summary>Nothing of it is left at the sender.</summary>
    public void SayForgotten() => SayDone(Forgotten, Taken);

    /// <summary>All records of a folder.</summary>
    public static IReadOnlyList<MoveRecord> All(string folder)
    {
        if (!Directory.Exists(folder))
            return [];
        // Written, but not offered yet.
        foreach (var begun in Directory.GetFiles(folder).Where(file => !HasState(file)))
            File.Delete(begun);
        return
        [
            .. Directory.GetFiles(folder)
                .Select(file => file[..^System.IO.Path.GetExtension(file).Length]).Distinct().Select(file => new MoveRecord(file)),
        ];
    }

    private static bool HasState(string file) =>
        StatesOfGiven.Prepend(Offered).Any(state => file.EndsWith(state, StringComparison.Ordinal));

    private void SayDone(string mine, string others)
    {
        if (!TryRename(Given, mine))
            Delete(others);
    }

    /// <summary>What is gone, with its folder or without, is no error.</summary>
    private void Delete(string state)
    {
        try
        {
            File.Delete(path + state);
        }
        catch (DirectoryNotFoundException)
        {
            // The sender's state folder was removed with all that was in it.
        }
    }

    private bool TryRename(string from, string to)
    {
        try
        {
            File.Move(path + from, path + to, overwrite: true);
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>What a restarted sender must know of it.</summary>
    /// <param name="Vm">The virtual machine.</param>
    /// <param name="Network">Number of the network that it takes along.</param>
    internal sealed record Content(string Vm, int? Network)
    {
        /// <summary>
        /// Its first process at the sender: whatever bears its name there later is not what was given. 0 in records of earlier
        /// versions, which count against nothing that runs.
        /// </summary>
        public int ProcessId { get; init; }

        /// <summary>Start of that process: its number may be another's by now.</summary>
        public long ProcessStart { get; init; }

        /// <summary>Whether that is what was given.</summary>
        public bool IsOf(RunningVm vm) => vm.Name == Vm && vm.ProcessId == ProcessId && vm.ProcessStart == ProcessStart;
    }
}
