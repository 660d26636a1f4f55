using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Files;
using JustRunIt.Hosting.Files;
using Microsoft.Win32.SafeHandles;

namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// Files that the output of what runs goes to; they outlive it. A program writes to its file itself, so it never waits for the agent,
/// and goes on without it; the agent moves what is too much into files beside it and cuts the file, which is open for appending
/// (docs/decisions/0029-unknown-is-left-running.md). Never more of it than a fixed buffer is in the agent's memory.
/// </summary>
internal sealed class VmLogs(AgentSettings settings, Func<string, bool> isKnown)
{
    private const string Extension = ".log";
    private const int BufferBytes = 64 << 10;

    /// <summary>Of so many names that nothing bears any more logs are kept.</summary>
    private const int EndedNames = 100;

    private readonly string folder = Path.Combine(settings.StateFolder, "logs");
    private readonly ConcurrentDictionary<string, int> held = new();
    private readonly ConcurrentDictionary<string, RunningVm> young = new();

    private long Bytes => settings.Logs.Size.Bytes;

    /// <summary>What has begun to write and does not serve yet.</summary>
    public IEnumerable<RunningVm> Young => young.Values;

    /// <summary>It writes from now on; until the result is disposed, by when it serves, or has ended.</summary>
    public IDisposable Begin(RunningVm vm)
    {
        young[vm.Name] = vm;
        return new Held(() => young.TryRemove(vm.Name, out _));
    }

    /// <summary>A virtual machine's file.</summary>
    public string Of(string vm) => Path.Combine(folder, vm + Extension);

    /// <summary>Its file, of which nothing is there yet; what one of its name wrote before is kept beside.</summary>
    /// <exception cref="IOException">There cannot be one.</exception>
    public string New(string vm)
    {
        var log = Of(vm);
        OwnerOnly.OwnFolder(folder);
        Keep(vm, log);
        if (new FileInfo(log) is { Exists: true, Length: > 0 })
        {
            Shift(vm);
            if (settings.Logs.Keep > 0)
                File.Move(log, Older(vm, 1), overwrite: true);
        }

        File.Delete(log);
        WholeFile.Create(log).Dispose();
        Prune();
        return log;
    }

    /// <summary>Leaves its file as it is until the result is disposed: while it is copied, nothing may become shorter.</summary>
    public IDisposable Hold(string vm)
    {
        held.AddOrUpdate(vm, 1, (_, count) => count + 1);
        return new Held(() => held.AddOrUpdate(vm, 0, (_, count) => count - 1));
    }

    /// <summary>Keeps what one has written within bounds: what is too much goes to files beside, of which the oldest goes.</summary>
    /// <param name="vm">Its name.</param>
    /// <param name="log">The file that it writes to.</param>
    /// <exception cref="IOException">It cannot be.</exception>
    public void Keep(string vm, string log)
    {
        // A look at its length is all that it takes as long as it is not too long.
        if (new FileInfo(log) is not { Exists: true, Length: var length } || length <= Bytes || held.GetValueOrDefault(vm) > 0)
            return;
        using var file = Posix.OpenRegular(log, writes: true);
        // A program that does not append leaves a hole where it was cut.
        if (Posix.BytesOnDisk(file) <= Bytes)
            return;
        if (settings.Logs.Keep > 0)
        {
            OwnerOnly.OwnFolder(folder);
            Shift(vm);
            Copy(file, Older(vm, 1));
        }
        else
        {
            AgentMeter.Dropped(RandomAccess.GetLength(file));
        }

        RandomAccess.SetLength(file, 0);
    }

    /// <summary>The same for what has ended while nobody watched: nothing bears its name any more.</summary>
    /// <exception cref="IOException">It cannot be.</exception>
    public void KeepEnded()
    {
        foreach (var log in Directory.Exists(folder) ? Directory.GetFiles(folder, "*" + Extension) : [])
        {
            if (Path.GetFileNameWithoutExtension(log) is var vm && !isKnown(vm))
                Keep(vm, log);
        }
    }

    /// <summary>Keeps the end of a file elsewhere that goes with what it is of.</summary>
    public void Save(string vm, string elsewhere)
    {
        using var file = Posix.OpenRegular(elsewhere);
        OwnerOnly.OwnFolder(folder);
        Copy(file, Of(vm));
    }

    private string Older(string vm, int number) => string.Create(CultureInfo.InvariantCulture, $"{Of(vm)}.{number}");

    private void Shift(string vm)
    {
        for (var number = settings.Logs.Keep; number > 1; number--)
        {
            if (File.Exists(Older(vm, number - 1)))
                File.Move(Older(vm, number - 1), Older(vm, number), overwrite: true);
        }
    }

    /// <summary>Copies the end of a file, as much as is kept.</summary>
    private void Copy(SafeFileHandle from, string to)
    {
        var next = to + WholeFile.Next;
        try
        {
            using (var copy = WholeFile.Create(next))
            {
                var begin = Math.Max(0, RandomAccess.GetLength(from) - Bytes);
                if (begin > 0)
                {
                    AgentMeter.Dropped(begin);
                    copy.Write(Encoding.UTF8.GetBytes(
                        string.Create(CultureInfo.InvariantCulture, $"[{begin} bytes before this are not kept]\n")));
                }

                var buffer = new byte[BufferBytes];
                // It may be written to meanwhile, faster than it is copied.
                for (var left = 2 * Bytes; left > 0;)
                {
                    var got = RandomAccess.Read(from, buffer.AsSpan(0, (int)Math.Min(left, buffer.Length)), begin + (2 * Bytes) - left);
                    if (got == 0)
                        break;
                    copy.Write(buffer, 0, got);
                    left -= got;
                }
            }

            File.Move(next, to, overwrite: true);
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            // A full disk has room again once the file is cut.
            File.Delete(next);
            AgentMeter.Dropped(RandomAccess.GetLength(from));
        }
    }

    /// <summary>Every clone has a name of its own: of those that are gone only the last are kept.</summary>
    private void Prune()
    {
        var ended = new DirectoryInfo(folder).EnumerateFiles()
            .GroupBy(file => NameOf(file.Name))
            .Where(files => !isKnown(files.Key))
            .OrderByDescending(files => files.Max(file => file.LastWriteTimeUtc))
            .Skip(EndedNames);
        foreach (var file in ended.SelectMany(files => files).ToList())
            file.Delete();
    }

    private static string NameOf(string file)
    {
        var stem = file.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
        var name = stem.EndsWith(Extension + ".", StringComparison.Ordinal) ? stem[..^1] : file;
        return name.EndsWith(Extension, StringComparison.Ordinal) ? name[..^Extension.Length] : name;
    }

    private sealed class Held(Action release) : IDisposable
    {
        public void Dispose() => release();
    }
}
