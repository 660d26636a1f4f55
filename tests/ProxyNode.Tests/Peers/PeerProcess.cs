using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace JustRunIt.ProxyNode.Tests.Peers;

/// <summary>A server that we did not write, in a folder of its own, until it is disposed.</summary>
internal sealed class PeerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly Queue<string> said = new();

    private PeerProcess(Process process) => this.process = process;

    /// <summary>Starts a program and waits until its port accepts.</summary>
    public static async Task<PeerProcess> StartAsync(
        int port, string program, IEnumerable<string> arguments, IEnumerable<(string, string)>? environment = null, IPAddress? address = null)
    {
        var peer = new PeerProcess(new Process { StartInfo = Info(program, arguments, environment) });
        peer.process.OutputDataReceived += (_, line) => peer.Hear(line.Data);
        peer.process.ErrorDataReceived += (_, line) => peer.Hear(line.Data);
        peer.process.Start();
        peer.process.BeginOutputReadLine();
        peer.process.BeginErrorReadLine();
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            try
            {
                var host = address ?? IPAddress.Loopback;
                using var client = new TcpClient(host.AddressFamily);
                await client.ConnectAsync(host, port);
                return peer;
            }
            catch (SocketException) when (waited.Elapsed < Patience && !peer.process.HasExited)
            {
                // It is still starting.
            }
            catch (SocketException)
            {
                lock (peer.said)
                    throw new InvalidOperationException($"{program} does not serve: {string.Join('\n', peer.said)}");
            }
        }
    }

    /// <summary>Runs a program to its end; what it wrote.</summary>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, string? input = null, IEnumerable<(string, string)>? environment = null)
    {
        using var process = Process.Start(Info(program, arguments, environment))!;
        if (input is not null)
            await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Patience);
        return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"{program}: {await output} {await errors}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static ProcessStartInfo Info(string program, IEnumerable<string> arguments, IEnumerable<(string, string)>? environment)
    {
        var info = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        foreach (var argument in arguments)
            info.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? [])
            info.Environment[name] = value;
        return info;
    }

    private void Hear(string? line)
    {
        lock (said)
        {
            said.Enqueue(line ?? "");
            if (said.Count > 50)
                said.Dequeue();
        }
    }
}
