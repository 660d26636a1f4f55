using System.Diagnostics;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Tests.Compliance;

namespace JustRunIt.HostAgent.Tests;

/// <summary>The agent as a process, with state folders that cannot be one; and one that is relative. Needs root.</summary>
public sealed class StateFolderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("justrunit-state-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("a file")]
    [InlineData("below a file")]
    [InlineData("a dangling link")]
    [InlineData("not to be made")]
    [InlineData("not to be written to")]
    public async Task A_state_folder_that_cannot_be_used_is_one_line_and_exit_code_2(string what)
    {
        var state = Path.Combine(folder, "state");
        switch (what)
        {
            case "a file":
                await File.WriteAllTextAsync(state, "");
                break;
            case "below a file":
                await File.WriteAllTextAsync(state, "");
                state = Path.Combine(state, "below");
                break;
            case "a dangling link":
                File.CreateSymbolicLink(state, Path.Combine(folder, "nowhere", "at-all"));
                break;
            case "not to be made":
                state = "/proc/justrunit";
                break;
            default:
                state = "/proc/self";
                break;
        }

        var (code, error) = await RunAsync(state);
        Assert.Equal(2, code);
        var line = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"stateFolder: '{state}' cannot be used (", line);
        Assert.EndsWith("; allowed is a folder that the agent can make and write to", line);
    }

    [Fact]
    public async Task A_state_file_that_is_no_file_is_told_of_and_is_no_crash()
    {
        var state = Path.Combine(folder, "state");
        Directory.CreateDirectory(Path.Combine(state, "running.json", "inside"));
        var agent = new Agent("process", folder: state);
        await using (agent)
        {
            await agent.Vms.RecoverAsync(CancellationToken.None);
            Assert.Contains("running.json.unreadable", Assert.Single(agent.Vms.Troubles.Told));
            Assert.True(File.Exists(Path.Combine(state, "running.json")));
        }

        Directory.CreateDirectory(folder);
    }

    [Fact]
    public async Task A_relative_state_folder_is_that_of_the_working_directory_for_what_runs_elsewhere_too()
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, Path.Combine(folder, "state"));
        await using var agent = new Agent("process", folder: relative);
        Assert.Equal(Path.Combine(folder, "state"), agent.Settings.StateFolder);
        await agent.Vms.RecoverAsync(CancellationToken.None);
        var program = agent.Specimen("x").Program with
        {
            Executable = "/bin/sh",
            Arguments = ["-c", "echo cannot read the licence; exit 3"],
            WorkingDirectory = "/",
        };
        var problem = await Assert.ThrowsAsync<HostException>(() => agent.RunAsync(agent.Start("dying", "host-1", 0.1, program)));
        Assert.Equal("the program ended before it was healthy: cannot read the licence", problem.Message);
        Assert.Contains("cannot read the licence", await File.ReadAllTextAsync(Path.Combine(folder, "state", "logs", "dying.log")));
    }

    private async Task<(int Code, string Error)> RunAsync(string state)
    {
        var file = Path.Combine(folder, "agent.yaml");
        await File.WriteAllTextAsync(
            file,
            $"dataCenter: dc\nagent: a\nstateFolder: {state}\nmachines:\n  - {{ name: m, role: production, cpu: 50 %, memoryMiB: 512 }}\n");
        var program = Path.Combine(Agent.Repository, $"src/HostAgent/bin/{Agent.BuiltTo}/JustRunIt.HostAgent.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, "--config", file])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        await output;
        return (process.ExitCode, error);
    }
}
