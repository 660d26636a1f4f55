using System.Diagnostics;
using System.Runtime.InteropServices;
using JustRunIt.Hosting.Files;

namespace JustRunIt.Client.Supervision;

/// <summary>One .NET program that runs as long as it is wanted; its log goes to a file.</summary>
public sealed partial class ChildProcess : IAsyncDisposable
{
    private const int Terminate = 15;
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(45);

    private readonly Process process;
    private readonly StreamWriter log;
    private readonly Task reading;

    private ChildProcess(string name, string logFile, Process process, Action<string>? onLine)
    {
        (Name, LogFile, this.process) = (name, logFile, process);
        log = new StreamWriter(OwnerOnly.Open(logFile, FileMode.Append, share: FileShare.ReadWrite)) { AutoFlush = true };
        reading = Task.WhenAll(ReadAsync(process.StandardOutput, onLine), ReadAsync(process.StandardError, null));
    }

    /// <summary>What it is, for people.</summary>
    public string Name { get; }

    /// <summary>Where its output goes.</summary>
    public string LogFile { get; }

    /// <summary>Its process id.</summary>
    public int Id => process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => process.HasExited;

    /// <summary>Its exit code, once it has ended.</summary>
    public int ExitCode => process.ExitCode;

    /// <summary>Starts an assembly with <c>dotnet</c>.</summary>
    /// <param name="name">What it is, for people.</param>
    /// <param name="assembly">Path of the DLL.</param>
    /// <param name="arguments">Its command line.</param>
    /// <param name="environment">Variables in addition to ours.</param>
    /// <param name="logFile">Where its output goes, in addition to <paramref name="onLine"/>.</param>
    /// <param name="onLine">Called with each line of its standard output.</param>
    public static ChildProcess Start(
        string name,
        string assembly,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        string logFile,
        Action<string>? onLine = null)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(environment);
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(assembly);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (variable, value) in environment)
            start.Environment[variable] = value;
        OwnerOnly.Folder(Path.GetDirectoryName(logFile)!);
        return new ChildProcess(name, logFile, Process.Start(start)!, onLine);
    }

    /// <summary>Asks any process to end. One that has is no error.</summary>
    public static void AskToEnd(int process) => _ = SendSignal(process, Terminate);

    /// <summary>Sends it a line.</summary>
    public async Task SendAsync(string line)
    {
        await process.StandardInput.WriteLineAsync(line).ConfigureAwait(false);
        await process.StandardInput.FlushAsync().ConfigureAwait(false);
    }

    /// <summary>Waits until it ends by itself; its exit code.</summary>
    public async Task<int> WaitAsync(CancellationToken cancellation)
    {
        await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        await reading.WaitAsync(cancellation).ConfigureAwait(false);
        return process.ExitCode;
    }

    /// <summary>Ends it at once, as a power cut would.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync().ConfigureAwait(false);
    }

    /// <summary>Asks it to end, and ends it when it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            AskToEnd(process.Id);
            using var patience = new CancellationTokenSource(EndPatience);
            try
            {
                await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }

        await reading.ConfigureAwait(false);
        await log.DisposeAsync().ConfigureAwait(false);
        process.Dispose();
    }

    /// <summary>The last lines that it wrote; where its log cannot be read, the reason.</summary>
    public string LastWords(int lines = 3)
    {
        try
        {
            return string.Join(Environment.NewLine, File.ReadLines(LogFile).TakeLast(lines));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    private async Task ReadAsync(StreamReader from, Action<string>? onLine)
    {
        while (await from.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            lock (log)
                log.WriteLine(line);
            onLine?.Invoke(line);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
