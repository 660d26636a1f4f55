using System.Globalization;

namespace JustRunIt.HostAgent.ControlGroups;

/// <summary>Reading and writing the kernel's files.</summary>
internal static class ControlGroupFiles
{
    public static string Read(string folder, string file) => File.ReadAllText(Path.Combine(folder, file)).Trim();

    public static void Write(string folder, string file, string value) => File.WriteAllText(Path.Combine(folder, file), value);

    public static IReadOnlyList<int> Processes(string folder)
    {
        try
        {
            return [.. File.ReadLines(Path.Combine(folder, "cgroup.procs")).Select(line => int.Parse(line, CultureInfo.InvariantCulture))];
        }
        catch (IOException) when (!Directory.Exists(folder))
        {
            // The group was removed, perhaps while its file was being read.
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
                    Write(to, "cgroup.procs", process.ToString(CultureInfo.InvariantCulture));
                }
                catch (IOException) when (!Directory.Exists($"/proc/{process}"))
                {
                    // It ended meanwhile.
                }
            }
        }

        throw new IOException($"{from}: processes appear faster than they can be moved");
    }

    public static void Remove(string folder)
    {
        for (var attempt = 0; Directory.Exists(folder); attempt++)
        {
            try
            {
                Directory.Delete(folder);
            }
            catch (IOException) when (attempt < 100)
            {
                // A killed process is counted until the kernel has buried it.
                Thread.Sleep(20);
            }
        }
    }
}
