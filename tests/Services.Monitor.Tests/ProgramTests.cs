using System.Diagnostics;

namespace JustRunIt.Services.Monitor.Tests;

/// <summary>The program itself: exit codes, and where it says what.</summary>
public sealed class ProgramTests
{
    [Fact]
    public async Task A_wrong_file_is_one_line_on_standard_error_and_exit_code_2()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "dataCenter: dc\nservice: []\n");
        var (exitCode, output, errors) = await RunAsync("--config", file);
        File.Delete(file);
        Assert.Equal(2, exitCode);
        Assert.Equal("", output);
        Assert.Equal($"{file}:2: service: unknown field; allowed are dataCenter, policy, services\n", errors);
    }

    [Fact]
    public async Task An_unknown_argument_is_one_line_and_exit_code_2()
    {
        var (exitCode, _, errors) = await RunAsync("--confg", "x");
        Assert.Equal(
            (2, "command line: '--confg x'; allowed is --config FILE, with --check or without, --schema, or --help\n"), (exitCode, errors));
    }

    [Fact]
    public async Task Help_goes_to_standard_output()
    {
        var (exitCode, output, errors) = await RunAsync("--help");
        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Contains("--config FILE", output);
        Assert.Contains("JUSTRUNIT_POSTGRES", output);
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(ServiceRegistration).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
