using System.CommandLine;
using System.Diagnostics;
using JustRunIt.Console.Supervision;
using JustRunIt.Events.Store.Configuration;

namespace JustRunIt.Console.Benchmarks;

/// <summary><c>justrunit bench NAME</c>: how every benchmark is run. A new one is a project under <c>bench/</c> and a line here.</summary>
internal static class BenchCommand
{
    private static readonly IReadOnlyDictionary<string, (string Project, string What)> Benchmarks = new Dictionary<string, (string, string)>
    {
        ["pipeline"] = ("Pipeline", "from append to consumed, against raw Npgsql and RabbitMQ"),
        ["quota-period"] = ("QuotaPeriod", "how the period of the CPU quota distorts response times"),
    };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = string.Join("; ", Benchmarks.Select(entry => $"{entry.Key}: {entry.Value.What}")) };
        var json = new Option<FileInfo?>("--json") { Description = "write every figure to this file", HelpName = "FILE" };
        var command = new Command("bench", "run a benchmark") { name, json };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(name)!, parsed.GetValue(json)?.FullName, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string name, string? json, CancellationToken cancellation)
    {
        if (!Benchmarks.TryGetValue(name, out var benchmark))
            throw new ConfigurationException($"command line: bench: '{name}'; allowed is {string.Join(" or ", Benchmarks.Keys)}");
        var start = new ProcessStartInfo("dotnet");
        start.ArgumentList.Add(Programs.OfBenchmark(benchmark.Project));
        foreach (var argument in json is null ? [] : new[] { "--json", json })
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode;
    }
}
