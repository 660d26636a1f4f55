using System.Diagnostics;
using JustRunIt.Events.Store;

namespace JustRunIt.Events.Store.Tests;

/// <summary>A service in a process of its own, whose relay stands by or leads: to be killed, and stopped.</summary>
internal sealed class RelayProcess : IDisposable
{
    private readonly Process process;

    private RelayProcess(Process process) => this.process = process;

    /// <summary>What the holder of the lease is called while this process leads ends so.</summary>
    public string Mark => $"/{process.Id} ";

    /// <summary>Starts it.</summary>
    /// <param name="connections">Where the servers are.</param>
    /// <param name="prefix">A program and its arguments by which it is started, such as one that changes its network.</param>
    public static RelayProcess Start(Connections connections, params IReadOnlyList<string> prefix)
    {
        // tests/NAME/bin/CONFIGURATION/FRAMEWORK
        var framework = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.GetFullPath(Path.Combine(
            framework.FullName,
            "../../../../../src/Services.Checker/bin",
            framework.Parent!.Name,
            framework.Name,
            "JustRunIt.Services.Checker.dll"));
        Assert.True(File.Exists(program), program);
        IReadOnlyList<string> words = [.. prefix, "dotnet", program];
        var start = new ProcessStartInfo(words[0], words.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[Connections.PostgresVariable] = connections.Postgres;
        start.Environment[Connections.RabbitMqVariable] = connections.RabbitMq.ToString();
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new RelayProcess(process);
    }

    /// <summary>Ends it as nothing can that it could answer to.</summary>
    public void Kill() => Signal("KILL");

    /// <summary>Stands it still.</summary>
    public void Stop() => Signal("STOP");

    /// <summary>Lets it go on.</summary>
    public void Continue() => Signal("CONT");

    public void Dispose()
    {
        if (!process.HasExited)
            Kill();
        process.WaitForExit();
        process.Dispose();
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{process.Id}"]);
        kill.WaitForExit();
    }
}
