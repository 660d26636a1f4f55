using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using JustRunIt.Samples.Core.CommandLine;
using MySqlConnector;

namespace JustRunIt.Samples.Databases;

/// <summary>A MariaDB server of a sample's own: its data in a folder, no configuration file.</summary>
internal static partial class MariaDb
{
    private static readonly string[] SystemFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private const string Temporary = "tmp";

    // A database of a sample fits into this; what it holds is worth nothing after a crash of the machine.
    private static readonly string[] Options =
    [
        "--innodb-buffer-pool-size=64M", "--innodb-log-file-size=16M", "--innodb-flush-log-at-trx-commit=2", "--innodb-stats-persistent=0",
        "--skip-name-resolve", "--skip-log-bin", "--performance-schema=0",
    ];

    /// <summary>Makes a folder of data with a database for the sample, and fills it; an existing one is left alone.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="sample">Name of database, user and password.</param>
    /// <param name="fill">Makes and fills the tables.</param>
    public static async Task PrepareAsync(string folder, string sample, Func<MySqlConnection, Task> fill)
    {
        if (Directory.Exists(folder))
            return;
        // Under another name until it is complete: a folder of the right name is a whole one.
        var unfinished = folder + ".unfinished";
        if (Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);
        Directory.CreateDirectory(unfinished);
        await InstallAsync(unfinished);
        var listen = new IPEndPoint(IPAddress.Loopback, FreePort());
        using var server = Process.Start(new ProcessStartInfo(Find("mariadbd"), Arguments(unfinished, listen)))!;
        try
        {
            await using var connection = await ConnectAsync(listen, server);
            // From anywhere: the address that it listens on decides who gets there, and it may be behind a gateway that stands for its
            // clients.
            await connection.RunAsync($"CREATE DATABASE {sample} CHARACTER SET utf8mb4; CREATE USER {sample}@'%' IDENTIFIED BY "
                + $"'{sample}'; GRANT ALL ON {sample}.* TO {sample}@'%'");
            await connection.ChangeDatabaseAsync(sample);
            await fill(connection);
            await connection.RunAsync("SHUTDOWN");
        }
        catch
        {
            server.Kill();
            throw;
        }
        finally
        {
            await server.WaitForExitAsync();
        }

        Directory.Move(unfinished, folder);
    }

    /// <summary>Turns this process into the server; returns only when that fails.</summary>
    /// <exception cref="UsageException">It cannot be started.</exception>
    public static void Become(string folder, IPEndPoint listen)
    {
        var program = Find("mariadbd");
        string?[] arguments = [program, .. Arguments(folder, listen), null];
        _ = Execute(program, arguments);
        throw new UsageException($"mariadbd: cannot be started from {program}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    private static string[] Arguments(string folder, IPEndPoint listen) =>
    [
        "--no-defaults", $"--datadir={Path.GetFullPath(folder)}", $"--socket={Path.GetFullPath(Path.Combine(folder, "s"))}",
        $"--tmpdir={TemporaryFolder(folder)}", "--ignore-db-dirs=" + Temporary,
        $"--bind-address={listen.Address}", string.Create(CultureInfo.InvariantCulture, $"--port={listen.Port}"), .. Options, .. User,
    ];

    // Its own: a server that starts removes every temporary table that it finds, also those of others.
    private static string TemporaryFolder(string folder) =>
        Directory.CreateDirectory(Path.Combine(Path.GetFullPath(folder), Temporary)).FullName;

    private static string[] User => Environment.IsPrivilegedProcess ? ["--user=root"] : [];

    private static async Task InstallAsync(string folder)
    {
        var start = new ProcessStartInfo(
            Find("mariadb-install-db"),
            [
                "--no-defaults",
                $"--datadir={Path.GetFullPath(folder)}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
                $"--tmpdir={TemporaryFolder(folder)}",
                "--ignore-db-dirs=" + Temporary,
                .. User
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var install = Process.Start(start)!;
        var (output, errors) = (install.StandardOutput.ReadToEndAsync(), install.StandardError.ReadToEndAsync());
        await install.WaitForExitAsync();
        if (install.ExitCode != 0)
            throw new UsageException($"--folder: '{folder}' cannot be filled by mariadb-install-db: "
                + $"{(await output + await errors + LogsIn(folder)).Trim().ReplaceLineEndings(" ")}");
    }

    /// <summary>What the server that fills the folder wrote beside its data: only there it says why it failed.</summary>
    private static string LogsIn(string folder) => Directory.Exists(folder)
        ? string.Concat(Directory.GetFiles(folder, "*.err").Select(
            file => $"\n{Path.GetFileName(file)}: {string.Join('\n', File.ReadLines(file).TakeLast(20))}"))
        : "";

    private static async Task<MySqlConnection> ConnectAsync(IPEndPoint listen, Process server)
    {
        var settings = new MySqlConnectionStringBuilder
        {
            Server = $"{listen.Address}",
            Port = (uint)listen.Port,
            UserID = "root",
            SslMode = MySqlSslMode.None,
            Pooling = false,
            // Not ours, but the @ in the names of accounts.
            AllowUserVariables = true,
        };
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            var connection = new MySqlConnection(settings.ConnectionString);
            try
            {
                await connection.OpenAsync();
                return connection;
            }
            catch (MySqlException) when (waited.Elapsed < Patience && !server.HasExited)
            {
                await connection.DisposeAsync();
            }
        }
    }

    private static string Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Concat(SystemFolders)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists) ?? throw new UsageException($"{program}: not found; install mariadb-server");

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, string?[] arguments);
}
