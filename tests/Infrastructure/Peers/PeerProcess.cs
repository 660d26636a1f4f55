using System.Diagnostics;

namespace JustRunIt.Infrastructure.Peers;

/// <summary>A server that we did not write, until it is disposed.</summary>
public sealed class PeerProcess : IAsyncDisposable
{
    private const int LinesKept = 100;

    /// <summary>How long a program may take on a busy machine, to start as well as to end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan OneQuestion = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromMilliseconds(50);

    private readonly Process process;
    private readonly Queue<string> said = new();

    private PeerProcess(Process process) => this.process = process;

    /// <summary>Its process id.</summary>
    public int Id => process.Id;

    /// <summary>The last lines that it wrote.</summary>
    public string LastWords
    {
        get
        {
            lock (said)
                return string.Join('\n', said);
        }
    }

    /// <summary>Starts a program and waits until it answers.</summary>
    /// <param name="program">Its name or path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="question">
    /// What it must answer to be ready, for an open port is not yet a server that serves; asked again as long as it throws.
    /// </param>
    /// <param name="environment">Variables besides those of this process.</param>
    /// <exception cref="InvalidOperationException">It has ended, or does not answer in time; says why, and what it wrote last.</exception>
    public static async Task<PeerProcess> StartAsync(
        string program,
        IEnumerable<string> arguments,
        Func<CancellationToken, Task> question,
        IEnumerable<(string, string)>? environment = null)
    {
        var peer = new PeerProcess(new Process { StartInfo = Info(program, arguments, environment) });
        peer.process.OutputDataReceived += (_, line) => peer.Hear(line.Data);
        peer.process.ErrorDataReceived += (_, line) => peer.Hear(line.Data);
        peer.process.Start();
        peer.process.StandardInput.Close();
        peer.process.BeginOutputReadLine();
        peer.process.BeginErrorReadLine();
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(BetweenQuestions).ConfigureAwait(false))
        {
            // Asked for before the question: an answer may come from another server, if this one has already ended for want of the port.
            var hasExited = peer.process.HasExited;
            var refusal = await RefusalAsync(question).ConfigureAwait(false);
            if (refusal is null && !hasExited)
                return peer;
            if (!hasExited && waited.Elapsed < Patience)
                continue;
            var why = hasExited ? "has ended" : $"does not answer within {Patience.TotalSeconds:0} s";
            await peer.DisposeAsync().ConfigureAwait(false);
            throw new InvalidOperationException($"{program} {why}: {refusal?.Message}\n{peer.LastWords}", refusal);
        }
    }

    /// <summary>Runs a program to its end; what it wrote to its standard output.</summary>
    /// <exception cref="InvalidOperationException">It ended with an exit code other than 0; says what it wrote.</exception>
    /// <exception cref="TimeoutException">It did not end in time.</exception>
    public static async Task<string> RunAsync(
        string program, IEnumerable<string> arguments, string? input = null, IEnumerable<(string, string)>? environment = null)
    {
        using var process = Process.Start(Info(program, arguments, environment))!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        if (input is not null)
            await process.StandardInput.WriteAsync(input).ConfigureAwait(false);
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync().WaitAsync(Patience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} did not end: {await output.ConfigureAwait(false)} {await errors.ConfigureAwait(false)}");
        }

        var said = await output.ConfigureAwait(false);
        return process.ExitCode == 0
            ? said
            : throw new InvalidOperationException(
                $"{program} ended with exit code {process.ExitCode}: {said} {await errors.ConfigureAwait(false)}");
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync().ConfigureAwait(false);
        process.Dispose();
    }

    private static async Task<Exception?> RefusalAsync(Func<CancellationToken, Task> question)
    {
        using var limit = new CancellationTokenSource(OneQuestion);
        try
        {
            await question(limit.Token).ConfigureAwait(false);
            return null;
        }
        catch (Exception refusal)
        {
            return refusal;
        }
    }

    private static ProcessStartInfo Info(string program, IEnumerable<string> arguments, IEnumerable<(string, string)>? environment)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (var (name, value) in environment ?? [])
            info.Environment[name] = value;
        return info;
    }

    private void Hear(string? line)
    {
        if (line is null)
            return;
        lock (said)
        {
            said.Enqueue(line);
            if (said.Count > LinesKept)
                said.Dequeue();
        }
    }
}
