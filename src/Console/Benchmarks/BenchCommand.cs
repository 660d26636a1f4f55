using System.CommandLine;
using System.Diagnostics;
using JustRunIt.Console.Supervision;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.Console.Benchmarks;

/// <summary><c>justrunit bench NAME</c>: how every benchmark is run. A new one is a project under <c>bench/</c> and a line here.</summary>
internal static class BenchCommand
{
    private static readonly IReadOnlyDictionary<string, (string Project, string What)> Benchmarks = new Dictionary<string, (string, string)>
    {
        ["pipeline"] = ("Pipeline", "from append to consumed, against raw Npgsql and RabbitMQ"),
        ["proxy"] = ("Proxy", "the proxies against direct connections, HAProxy, nginx and PgBouncer (--quick, --only http|cost|stall|databases, --plot FILE)"),
        ["quota-period"] = ("QuotaPeriod", "how the period of the CPU quota distorts response times"),
        ["clone"] = ("Clone", "pause and time of cloning against the size of the heap, of moves between agents, and precision of the CPU cap (--only moves|clones|caps, --back-end NAME)"),
        ["fidelity"] = ("Fidelity", "how alike on-line server and clone perform with the same CPU share, for both samples (--quick, --plot FILE)"),
    };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = string.Join("; ", Benchmarks.Select(entry => $"{entry.Key}: {entry.Value.What}")) };
        var json = new Option<FileInfo?>("--json") { Description = "write every figure to this file", HelpName = "FILE" };
        var command = new Command("bench", "run a benchmark; arguments that are not listed here are the benchmark's own") { name, json };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(name)!,
            [.. parsed.GetValue(json) is { } file ? new[] { "--json", file.FullName } : [], .. parsed.UnmatchedTokens],
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string name, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        if (!Benchmarks.TryGetValue(name, out var benchmark))
            throw new ConfigurationException($"command line: bench: '{name}'; allowed is {string.Join(" or ", Benchmarks.Keys)}");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Programs.OfBenchmark(benchmark.Project), .. arguments]))!;
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode;
    }
}
