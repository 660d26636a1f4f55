using System.Diagnostics;
using JustRunIt.Client.Supervision;

namespace JustRunIt.EndToEnd.Tests;

/// <summary><c>justrunit up</c> with files of its user.</summary>
public sealed class UpTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("up-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task With_wrong_files_each_is_one_line_nothing_is_started_and_the_exit_code_is_2()
    {
        var services = Changed("services.yaml", "points: 5", "points: 1");
        var agent = Changed("host-agent.yaml", "coreSize: 1", "coreSise: 1");
        var (exitCode, output, errors) = await UpAsync(services, agent, Changed("proxy-node.yaml", "", ""));
        Assert.Equal(2, exitCode);
        Assert.Equal("", output);
        var lines = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith($"{agent}:5: coreSise: unknown field; allowed are ", lines[0]);
        Assert.Equal(
            $"{services}:20: services[0].exploration.resources[0].points: '1'; allowed is a whole number from 2 to 1000", lines[1]);
    }

    [Fact]
    public async Task A_file_that_breaks_off_is_one_line_as_well()
    {
        var services = Changed("services.yaml", "points: 5 }", "points: 5");
        var (exitCode, _, errors) = await UpAsync(services, Changed("host-agent.yaml", "", ""), Changed("proxy-node.yaml", "", ""));
        Assert.Equal(2, exitCode);
        Assert.StartsWith($"{services}", Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }

    private string Changed(string example, string from, string to)
    {
        var file = Path.Combine(folder.FullName, example);
        var text = File.ReadAllText(Path.Combine(Programs.Home, "docs/examples", example));
        File.WriteAllText(file, from.Length == 0 ? text : text.Replace(from, to, StringComparison.Ordinal));
        return file;
    }

    private static async Task<(int ExitCode, string Output, string Errors)> UpAsync(string services, string agent, string proxies)
    {
        var start = new ProcessStartInfo(
            "dotnet", [Programs.OfProduct("Console"), "up", "--services", services, "--agent", agent, "--proxies", proxies])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Nobody is there: whatever was started would fail in other words.
        start.Environment["JUSTRUNIT_POSTGRES"] = "Host=127.0.0.1;Port=1;Username=nobody;Database=none";
        start.Environment["JUSTRUNIT_RABBITMQ"] = "amqp://nobody:none@127.0.0.1:1/";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
