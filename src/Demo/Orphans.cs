using System.Globalization;
using JustRunIt.Client.Supervision;

namespace JustRunIt.Demo;

/// <summary>Programs of an earlier demonstration that outlived it, because it was killed.</summary>
internal static class Orphans
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    /// <summary>Ends every program that was started with a certain text in a variable of its environment.</summary>
    /// <param name="variable">Name of the variable.</param>
    /// <param name="text">What is in it.</param>
    /// <returns>How many were ended.</returns>
    /// <exception cref="InvalidOperationException">The demonstration that started them still runs.</exception>
    public static async Task<int> EndAsync(string variable, string text)
    {
        var found = Directory.GetDirectories("/proc")
            .Select(folder => IdOf(Path.GetFileName(folder)))
            .Where(process => process > 0 && process != Environment.ProcessId && HasText(process, variable, text))
            .ToList();
        if (found.Select(ParentOf).FirstOrDefault(IsDemonstration) is > 0 and var running)
            throw new InvalidOperationException($"process {running} runs this already; wait for its end, or end it");
        foreach (var process in found)
            ChildProcess.AskToEnd(process);
        var end = DateTime.UtcNow + Patience;
        while (found.Any(process => HasText(process, variable, text)))
        {
            if (DateTime.UtcNow >= end)
            {
                throw new InvalidOperationException(
                    $"processes {string.Join(", ", found)} of an earlier run do not end; end them by 'kill -9'");
            }

            await Task.Delay(50);
        }

        return found.Count;
    }

    private static bool HasText(int process, string variable, string text) => Read(process, "environ").Split('\0').Any(entry =>
        entry.StartsWith(variable + "=", StringComparison.Ordinal) && entry.Contains(text, StringComparison.Ordinal));

    private static bool IsDemonstration(int process) =>
        Read(process, "cmdline").Contains(typeof(Orphans).Assembly.GetName().Name + ".dll", StringComparison.Ordinal);

    private static int IdOf(string name) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var process) ? process : 0;

    private static int ParentOf(int process)
    {
        // proc(5): the second field after the command's closing parenthesis.
        var stat = Read(process, "stat");
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 1 ? int.Parse(fields[1], CultureInfo.InvariantCulture) : 0;
    }

    private static string Read(int process, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended, or is another user's.
            return "";
        }
    }
}
