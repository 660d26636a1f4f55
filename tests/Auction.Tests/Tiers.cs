using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using JustRunIt.Infrastructure;

namespace JustRunIt.Auction.Tests;

/// <summary>The three tiers as processes, over a real PostgreSQL.</summary>
public sealed class Tiers : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);
    private readonly PostgresFixture postgres = new();
    private readonly List<Process> processes = [];

    /// <summary>Address of the web tier.</summary>
    public string Web { get; private set; } = "";

    public async Task InitializeAsync()
    {
        await postgres.InitializeAsync();
        var (data, application) = (FreeAddress(), FreeAddress());
        Web = FreeAddress();
        processes.Add(Start("Data", "--listen", data, "--database", postgres.ConnectionString, "--items", "200", "--users", "20"));
        processes.Add(Start("Application", "--listen", application, "--next", data, "--candidates", "200"));
        processes.Add(Start("Web", "--listen", Web, "--next", application));
        await Task.WhenAll(new[] { data, application, Web }.Select(WaitAsync));
    }

    public async Task DisposeAsync()
    {
        foreach (var process in processes)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        await postgres.DisposeAsync();
    }

    /// <summary>A browser with cookies of its own.</summary>
    public HttpClient Browser() => new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://{Web}") };

    /// <summary>A program of the auction.</summary>
    public static Process Start(string program, params string[] arguments) => Process.Start(
        new ProcessStartInfo(
            "dotnet",
            [Path.Combine(Repository(), $"samples/Auction/{program}/bin/{Configuration}/net10.0/JustRunIt.Auction.{program}.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = program == "Emulator",
            RedirectStandardError = program == "Emulator",
        })!;

    private static string Configuration => Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/'))!);

    private static async Task WaitAsync(string address)
    {
        using var http = new HttpClient();
        for (var end = DateTime.UtcNow + Patience; ; await Task.Delay(100))
        {
            try
            {
                using var reply = await http.GetAsync($"http://{address}/health");
                reply.EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException) when (DateTime.UtcNow < end)
            {
                // Still starting.
            }
        }
    }

    private static string FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener.LocalEndpoint.ToString()!;
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "JustRunIt.Events.sln")))
            folder = folder.Parent!;
        return folder.FullName;
    }
}
