using System.Globalization;

namespace JustRunIt.HostAgent.ControlGroups;

/// <summary>Reading and writing the kernel's files.</summary>
internal static class ControlGroupFiles
{
    private const string ProcessesFile = "cgroup.procs";
    private const int RemovalAttempts = 100;
    private const int NotSupported = 95;
    private static readonly TimeSpan RemovalInterval = TimeSpan.FromMilliseconds(20);

    public static string Read(string folder, string file) => File.ReadAllText(Path.Combine(folder, file)).Trim();

    public static void Write(string folder, string file, string value) => File.WriteAllText(Path.Combine(folder, file), value);

    /// <summary>Processes of a group and of those below it, which a server may make for itself.</summary>
    public static IReadOnlyList<int> Processes(string folder) => [.. Below(folder).Prepend(folder).SelectMany(OwnProcesses).Distinct()];

    /// <summary>The groups below one, the deepest first.</summary>
    public static IReadOnlyList<string> Below(string folder)
    {
        try
        {
            return [.. Directory.GetDirectories(folder).SelectMany(child => Below(child).Append(child))];
        }
        catch (IOException)
        {
            // It was removed, perhaps while it was being read.
            return [];
        }
    }

    /// <summary>Both versions tell of the quota in the same words.</summary>
    public static (long Periods, long Throttled) Throttling(string folder)
    {
        var numbers = File.ReadLines(Path.Combine(folder, "cpu.stat"))
            .Select(line => line.Split(' '))
            .ToDictionary(words => words[0], words => long.Parse(words[1], CultureInfo.InvariantCulture));
        return (numbers["nr_periods"], numbers["nr_throttled"]);
    }

    public static void Move(string from, string to)
    {
        // A process may fork while we move: go on until none is left.
        for (var round = 0; round < 100; round++)
        {
            var processes = Processes(from);
            if (processes.Count == 0)
                return;
            foreach (var process in processes)
            {
                try
                {
                    Write(to, ProcessesFile, process.ToString(CultureInfo.InvariantCulture));
                }
                catch (IOException) when (!Directory.Exists($"/proc/{process}"))
                {
                    // It ended meanwhile.
                }
            }
        }

        throw new IOException($"{from}: processes appear faster than they can be moved");
    }

    /// <summary>
    /// Removes a group with those below it, from the bottom up: the kernel removes none that has one. A server that is still at it may
    /// make others meanwhile.
    /// </summary>
    /// <exception cref="IOException">One of them cannot be removed.</exception>
    public static void Remove(string folder)
    {
        for (var attempt = 1; Directory.Exists(folder); attempt++)
        {
            try
            {
                foreach (var group in Below(folder).Append(folder))
                    Delete(group);
            }
            catch (IOException) when (attempt < RemovalAttempts)
            {
                // A killed process is counted until the kernel has buried it.
                Thread.Sleep(RemovalInterval);
            }
        }
    }

    private static void Delete(string group)
    {
        try
        {
            Directory.Delete(group);
        }
        catch (DirectoryNotFoundException)
        {
            // Whoever made it has removed it meanwhile.
        }
    }

    private static int[] OwnProcesses(string folder)
    {
        try
        {
            return [.. File.ReadLines(Path.Combine(folder, ProcessesFile)).Select(line => int.Parse(line, CultureInfo.InvariantCulture))];
        }
        catch (IOException e) when (e is FileNotFoundException || !Directory.Exists(folder) || e.HResult == NotSupported)
        {
            // The group was removed, perhaps while its file was being read; or it is one of threads, whose processes the one above tells;
            // or something else is mounted there, which is no group.
            return [];
        }
    }
}
