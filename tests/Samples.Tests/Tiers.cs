using System.Diagnostics;
using System.Net;
using JustRunIt.Infrastructure;
using JustRunIt.Infrastructure.Peers;
using JustRunIt.Samples.Core.Seeding;

namespace JustRunIt.Samples.Tests;

/// <summary>The three tiers of a sample as processes, the database a real MariaDB with data of its own.</summary>
public abstract class Tiers(string sample, string[] rows, string[] work) : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory($"{sample}-");
    private readonly List<PeerProcess> processes = [];

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
    public Task StartDatabaseAsync(string listen, string data)
    {
        var (at, name) = (IPEndPoint.Parse(listen), sample.ToLowerInvariant());
        var user = $"Server={at.Address};Port={at.Port};User ID={name};Password={name};Database={name};Pooling=false";
        return StartAsync(
            Assembly("Database"),
            ["--listen", listen, "--folder", data, .. rows],
            cancellation => LocalMariaDb.ExecuteAsync(user, "SELECT 1", cancellation));
    }

    /// <summary>An application tier on this database, behind a web tier.</summary>
    public async Task StartApplicationAsync(string web, string database)
    {
        var application = await StartServerAsync(database);
        await StartAsync(
            Assembly("Web"), ["--listen", web, "--next", application], Questions.Http($"http://{web}/health", mustSucceed: true));
    }

    /// <summary>An application tier on this database; its address.</summary>
    public async Task<string> StartServerAsync(string database)
    {
        var application = FreePorts.NextAddress();
        await StartAsync(
            Assembly("Application"),
            ["--listen", application, "--next", database, .. work],
            Questions.Http($"http://{application}/health", mustSucceed: true));
        return application;
    }

    /// <summary>A proxy.</summary>
    /// <param name="admin">Where it reports: it does when it serves.</param>
    /// <param name="arguments">Its other arguments.</param>
    public Task StartProxyAsync(string admin, params string[] arguments) => StartAsync(
        Built("src/ProxyNode", "JustRunIt.ProxyNode.dll"),
        ["proxy", "--admin", admin, .. arguments],
        Questions.Http($"http://{admin}/report"));

    /// <summary>What the processes wrote last.</summary>
    public string LastWords() => string.Join("\n\n", processes.Select(process => process.LastWords));

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        foreach (var process in processes)
            await process.DisposeAsync();
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

    /// <summary>A program of the sample that ends by itself, with its output to read.</summary>
    public Process StartProgram(string program, params string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", [Assembly(program), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

    private async Task StartAsync(string assembly, string[] arguments, Func<CancellationToken, Task> question) =>
        processes.Add(await PeerProcess.StartAsync("dotnet", [assembly, .. arguments], question));

    private string Assembly(string program) => Built($"samples/{sample}/{program}", $"JustRunIt.{sample}.{program}.dll");

    private static string Built(string project, string assembly) =>
        Path.Combine(Repository(), project, "bin", Configuration, "net10.0", assembly);

    private static string Configuration => Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/'))!);

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
