using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using JustRunIt.Infrastructure;
using JustRunIt.Samples.Core.Seeding;

namespace JustRunIt.Samples.Tests;

/// <summary>The three tiers of a sample as processes, the database a real MariaDB with data of its own.</summary>
public abstract class Tiers(string sample, string[] rows, string[] work) : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory($"{sample}-");
    private readonly List<Process> processes = [];

    /// <summary>Address of the web tier.</summary>
    public string Web { get; } = FreePorts.NextAddress();

    /// <summary>Address of the database.</summary>
    public string Database { get; } = FreePorts.NextAddress();

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        await StartDatabaseAsync(Database, Path.Combine(folder.FullName, "data"));
        await StartApplicationAsync(Web, Database);
    }

    /// <summary>A database with the same data as every other.</summary>
    public async Task StartDatabaseAsync(string listen, string data)
    {
        processes.Add(StartProgram("Database", ["--listen", listen, "--folder", data, .. rows]));
        await WaitAsync(listen, null);
    }

    /// <summary>An application tier on this database, behind a web tier.</summary>
    public async Task StartApplicationAsync(string web, string database)
    {
        var application = await StartServerAsync(database);
        processes.Add(StartProgram("Web", "--listen", web, "--next", application));
        await WaitAsync(web, "/health");
    }

    /// <summary>An application tier on this database; its address.</summary>
    public async Task<string> StartServerAsync(string database)
    {
        var application = FreePorts.NextAddress();
        processes.Add(StartProgram("Application", ["--listen", application, "--next", database, .. work]));
        await WaitAsync(application, "/health");
        return application;
    }

    /// <summary>A proxy.</summary>
    public async Task StartProxyAsync(string listen, params string[] arguments)
    {
        processes.Add(Start("src/ProxyNode/bin", "JustRunIt.ProxyNode.dll", ["proxy", "--listen", listen, .. arguments]));
        await WaitAsync(listen, null);
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        foreach (var process in processes)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        folder.Delete(recursive: true);
    }

    /// <summary>A browser with cookies of its own.</summary>
    public HttpClient Browser() => Browser(Web);

    /// <summary>A browser of an address.</summary>
    public static HttpClient Browser(string address) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://{address}") };

    /// <summary>A browser of a user who is logged in.</summary>
    public async Task<HttpClient> LogInAsync(int user, string? address = null)
    {
        var browser = Browser(address ?? Web);
        using var reply = await browser.PostAsync(
            "/login", Form(("nickname", SeedUser.Nickname(user)), ("password", SeedUser.Password(user))));
        Assert.Equal(HttpStatusCode.SeeOther, reply.StatusCode);
        return browser;
    }

    /// <summary>A form.</summary>
    public static FormUrlEncodedContent Form(params (string Name, string Value)[] fields) =>
        new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));

    /// <summary>A program of the sample.</summary>
    public Process StartProgram(string program, params string[] arguments) =>
        Start($"samples/{sample}/{program}/bin", $"JustRunIt.{sample}.{program}.dll", arguments);

    private static Process Start(string output, string assembly, string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", [Path.Combine(Repository(), output, Configuration, "net10.0", assembly), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = assembly.Contains("Emulator", StringComparison.Ordinal),
            RedirectStandardError = assembly.Contains("Emulator", StringComparison.Ordinal),
        })!;

    private static string Configuration => Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/'))!);

    private static async Task WaitAsync(string address, string? health)
    {
        using var http = new HttpClient();
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(100))
        {
            try
            {
                if (health is not null)
                {
                    using var reply = await http.GetAsync($"http://{address}{health}");
                    reply.EnsureSuccessStatusCode();
                    return;
                }

                using var client = new TcpClient();
                await client.ConnectAsync(IPEndPoint.Parse(address));
                return;
            }
            catch (Exception e) when (e is HttpRequestException or SocketException && waited.Elapsed < s_patience)
            {
                // Still starting.
            }
        }
    }

    /// <summary>The repository's folder.</summary>
    public static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "JustRunIt.Events.sln")))
            folder = folder.Parent!;
        return folder.FullName;
    }
}

/// <summary>The auction.</summary>
public sealed class AuctionTiers() : Tiers("Auction", ["--items", "200", "--users", "20"], ["--candidates", "200"]);

/// <summary>The bookstore.</summary>
public sealed class BookstoreTiers() : Tiers("Bookstore", ["--books", "200", "--users", "20"], ["--books", "200", "--histories", "200"]);
