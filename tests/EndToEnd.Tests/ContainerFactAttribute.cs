using System.Diagnostics;

namespace JustRunIt.EndToEnd.Tests;

/// <summary>A fact that needs containers that can be moved: left out, with the remedy, where CRIU does not work.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ContainerFactAttribute : FactAttribute
{
    public ContainerFactAttribute() => Skip = Problem.Value;

    private static Lazy<string?> Problem { get; } = new(() =>
    {
        try
        {
            using var check = Process.Start(new ProcessStartInfo(
                Environment.GetEnvironmentVariable("JUSTRUNIT_CRIU") is { Length: > 0 } named ? named : "criu", "check")
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            })!;
            check.StandardError.ReadToEnd();
            check.WaitForExit();
            return check.ExitCode == 0
                ? null
                : "CRIU does not work with this kernel; run by './justrunit test', which sets up one that does";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "CRIU is not installed; run by './justrunit test', which sets it up";
        }
    });
}
