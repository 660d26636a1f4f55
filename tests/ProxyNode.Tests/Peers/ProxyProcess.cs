using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using JustRunIt.Infrastructure;
using JustRunIt.ProxyNode.StandAlone;

namespace JustRunIt.ProxyNode.Tests.Peers;

/// <summary>The command as a user starts it, in a process of its own.</summary>
internal sealed class ProxyProcess : IAsyncDisposable
{
    private const int Terminate = 15;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly StringBuilder errors = new();

    private ProxyProcess(Process process) => this.process = process;

    /// <summary>Where the report is served.</summary>
    public IPEndPoint Admin { get; private set; } = null!;

    /// <summary>Where clients connect.</summary>
    public IPEndPoint EndPoint { get; private set; } = null!;

    /// <summary>Runs the command to its end: exit code, standard output, standard error.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(Info(arguments, []))!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Patience);
        return (process.ExitCode, await output, await errors);
    }

    /// <summary>Starts a proxy on free ports and waits until it serves.</summary>
    public static async Task<ProxyProcess> StartAsync(IEnumerable<(string, string)> environment, params string[] arguments)
    {
        var all = new List<string>(["proxy", .. arguments]);
        var listen = Given(all, "--listen");
        var admin = Given(all, "--admin");
        var proxy = new ProxyProcess(Process.Start(Info(all, environment))!) { Admin = admin, EndPoint = listen };
        var serves = new TaskCompletionSource();
        proxy.process.ErrorDataReceived += (_, line) =>
        {
            lock (proxy.errors)
                proxy.errors.AppendLine(line.Data);
            if (line.Data is null)
                serves.TrySetException(new InvalidOperationException(proxy.errors.ToString()));
            else if (line.Data.Contains("-proxy for", StringComparison.Ordinal))
                serves.TrySetResult();
        };
        proxy.process.BeginErrorReadLine();
        await serves.Task.WaitAsync(Patience);
        return proxy;
    }

    /// <summary>Tells it to end; its exit code.</summary>
    public async Task<int> EndAsync()
    {
        Assert.Equal(0, SendSignal(process.Id, Terminate));
        await process.WaitForExitAsync().WaitAsync(Patience);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    /// <summary>The address that an option is given; a free one unless it is.</summary>
    private static IPEndPoint Given(List<string> arguments, string option)
    {
        if (!arguments.Contains(option))
            arguments.AddRange([option, $"127.0.0.1:{FreePorts.Next()}"]);
        return IPEndPoint.Parse(arguments[arguments.IndexOf(option) + 1]);
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int process, int signal);

    private static ProcessStartInfo Info(IEnumerable<string> arguments, IEnumerable<(string, string)> environment)
    {
        var info = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        info.ArgumentList.Add(typeof(ProxyOptions).Assembly.Location);
        foreach (var argument in arguments)
            info.ArgumentList.Add(argument);
        foreach (var (name, value) in environment)
            info.Environment[name] = value;
        return info;
    }
}
