using System.Diagnostics;
using System.Text.Json;
using JustRunIt.HostAgent.Configuration;

namespace JustRunIt.HostAgent.Tests.Compliance;

/// <summary>Runs an agent in a process of its own and ends it as a power cut would.</summary>
internal static class CrashHost
{
    /// <summary>Lets it clone, and kills it <paramref name="after"/> it has said that <paramref name="phase"/> begins.</summary>
    public static Task CloneAndKillAsync(AgentSettings settings, string original, string phase, TimeSpan after) =>
        RunAndKillAsync(settings, ["clone", original, "clone"], phase, after);

    /// <summary>Lets it do something, and kills it <paramref name="after"/> it has said that <paramref name="phase"/> begins.</summary>
    public static async Task RunAndKillAsync(AgentSettings settings, IReadOnlyList<string> what, string phase, TimeSpan after)
    {
        var assembly = AppContext.BaseDirectory.Replace(
            "HostAgent.Tests", "HostAgent.CrashHost", StringComparison.Ordinal) + "JustRunIt.HostAgent.CrashHost.dll";
        var start = new ProcessStartInfo("dotnet", [assembly, .. what])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(settings));
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line == phase)
            {
                await Task.Delay(after);
                process.Kill();
                await process.WaitForExitAsync();
                return;
            }
        }

        throw new InvalidOperationException($"the agent ended before '{phase}': {await process.StandardError.ReadToEndAsync()}");
    }
}
