using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using JustRunIt.Infrastructure;
using JustRunIt.Infrastructure.Peers;
using JustRunIt.ProxyNode.StandAlone;

namespace JustRunIt.ProxyNode.Tests.Peers;

/// <summary>The command as a user starts it, in a process of its own.</summary>
internal sealed class ProxyProcess : IAsyncDisposable
{
    private const int Terminate = 15;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

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
    public static Task<ProxyProcess> StartAsync(IEnumerable<(string, string)> environment, params string[] arguments) =>
        StartAsync(environment, descriptors: null, arguments);

    /// <summary>Starts a proxy that may open so many descriptors.</summary>
    public static Task<ProxyProcess> StartAsync(int descriptors, params string[] arguments) => StartAsync([], descriptors, arguments);

    private static async Task<ProxyProcess> StartAsync(
        IEnumerable<(string, string)> environment, int? descriptors, params string[] arguments)
    {
        var all = new List<string>(["proxy", .. arguments]);
        var listen = Given(all, "--listen");
        var admin = Given(all, "--admin");
        var proxy = new ProxyProcess(Process.Start(Info(all, environment, descriptors))!) { Admin = admin, EndPoint = listen };
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

    /// <summary>What it has said on standard error.</summary>
    public string Errors
    {
        get
        {
            lock (errors)
                return errors.ToString();
        }
    }

    /// <summary>Sends it SIGHUP.</summary>
    public Task HangUpAsync() => PeerProcess.RunAsync("kill", ["-HUP", $"{process.Id}"]);

    /// <summary>Descriptors that it has open.</summary>
    public int Descriptors() => Directory.EnumerateFileSystemEntries($"/proc/{process.Id}/fd").Count();

    /// <summary>Resident memory in bytes.</summary>
    public long ResidentBytes() => File.ReadLines($"/proc/{process.Id}/status")
        .Where(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
        .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024)
        .Single();

    /// <summary>Lets it open no more descriptors than so many; fewer than it has are allowed, and more again later.</summary>
    public Task LimitAsync(int descriptors) =>
        PeerProcess.RunAsync("prlimit", ["--pid", $"{process.Id}", $"--nofile={descriptors}:"]);

    /// <summary>Whether it runs.</summary>
    public bool IsRunning => !process.HasExited;

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

    private static ProcessStartInfo Info(
        IEnumerable<string> arguments, IEnumerable<(string, string)> environment, int? descriptors = null)
    {
        // Tests that run under nohup(1) ignore SIGHUP, and so would what they start.
        var info = new ProcessStartInfo("env", ["--default-signal=HUP"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (descriptors is not null)
        {
            info.ArgumentList.Add("prlimit");
            info.ArgumentList.Add($"--nofile={descriptors}:{descriptors}");
        }

        info.ArgumentList.Add("dotnet");
        info.ArgumentList.Add(typeof(ProxyOptions).Assembly.Location);
        foreach (var argument in arguments)
            info.ArgumentList.Add(argument);
        foreach (var (name, value) in environment)
            info.Environment[name] = value;
        return info;
    }
}
