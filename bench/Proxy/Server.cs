using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using JustRunIt.Infrastructure.Peers;

namespace JustRunIt.Bench.Proxy;

/// <summary>A server process with its workers, until it is disposed.</summary>
internal sealed class Server : IAsyncDisposable
{
    private const double TicksPerSecond = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly HttpClient Http = AdminAccess.Client(TimeSpan.FromSeconds(10));

    private readonly Process process;

    private Server(Process process, int port, int? admin) =>
        (this.process, EndPoint, Admin) = (process, new IPEndPoint(IPAddress.Loopback, port), admin);

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Port of its report, of our own proxies.</summary>
    public int? Admin { get; }

    /// <summary>Starts a program and waits until it answers.</summary>
    /// <param name="port">Where it listens.</param>
    /// <param name="program">Its name or path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="question">What it must answer to be ready; asked again as long as it throws.</param>
    /// <param name="admin">Port of its report, of our own proxies.</param>
    public static async Task<Server> StartAsync(
        int port, string program, IEnumerable<string> arguments, Func<CancellationToken, Task> question, int? admin = null)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        var process = Process.Start(info)!;
        var errors = "";
        process.ErrorDataReceived += (_, line) => errors += line.Data + "\n";
        process.OutputDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            try
            {
                using var limit = new CancellationTokenSource(Patience);
                await question(limit.Token);
                return new Server(process, port, admin);
            }
            catch (Exception) when (waited.Elapsed < Patience && !process.HasExited)
            {
                // It is still starting.
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{program} does not serve: {errors}", e);
            }
        }
    }

    /// <summary>CPU time of it and its workers so far.</summary>
    public TimeSpan CpuTime() => TimeSpan.FromSeconds(Tree().Sum(id =>
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (double.Parse(
                fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
        }
        catch (IOException)
        {
            return 0;
        }
    }));

    /// <summary>Largest resident memory of it and its workers, in bytes.</summary>
    public long PeakBytes() => Memory("VmHWM:");

    /// <summary>Resident memory of it and its workers now, in bytes.</summary>
    public long ResidentBytes() => Memory("VmRSS:");

    /// <summary>Descriptors that it and its workers have open.</summary>
    public int Descriptors() => Tree().Sum(id => Directory.EnumerateFileSystemEntries($"/proc/{id}/fd").Count());

    /// <summary>The report of one of our own proxies.</summary>
    public Task<JsonElement> ReportAsync() => Http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{Admin}/report");

    /// <summary>The report's figures begin anew.</summary>
    public async Task ResetAsync() =>
        (await Http.PostAsync($"http://127.0.0.1:{Admin}/reset", new StringContent(""))).EnsureSuccessStatusCode();

    /// <summary>Stops it and its workers where they are, or lets them go on.</summary>
    public void Signal(string signal)
    {
        foreach (var id in Tree())
            Process.Start("kill", [$"-{signal}", $"{id}"]).WaitForExit();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private long Memory(string what) => Tree().Sum(id => File.ReadLines($"/proc/{id}/status")
        .Where(line => line.StartsWith(what, StringComparison.Ordinal))
        .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024)
        .FirstOrDefault());

    private List<int> Tree()
    {
        var all = new List<int> { process.Id };
        for (var i = 0; i < all.Count; i++)
        {
            var children = $"/proc/{all[i]}/task/{all[i]}/children";
            if (File.Exists(children))
                all.AddRange(File.ReadAllText(children).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(
                    id => int.Parse(id, CultureInfo.InvariantCulture)));
        }

        return all;
    }
}
