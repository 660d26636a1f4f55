using System.ComponentModel;
using System.Diagnostics;

namespace JustRunIt.ProxyNode.Installing;

/// <summary>A program that changes or lists what the kernel does with connections.</summary>
/// <param name="name">Its name, as it is called.</param>
/// <param name="package">The package that it comes with.</param>
/// <param name="task">What it does that may not be allowed, for complaints.</param>
internal sealed class Tool(string name, string package, string task)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>What it says.</summary>
    /// <param name="input">What it is told.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <exception cref="ToolException">It is not there, not allowed, or says that it could not.</exception>
    public async Task<string> RunAsync(string input, params IEnumerable<string> arguments)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(name)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        foreach (var argument in arguments)
            process.StartInfo.ArgumentList.Add(argument);
        // Debian keeps such programs off the path of users other than root.
        process.StartInfo.Environment["PATH"] = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        if (File.Exists($"/usr/sbin/{name}"))
            process.StartInfo.FileName = $"/usr/sbin/{name}";
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            throw new ToolException($"{name} is missing; install it with 'apt-get install {package}'");
        }

        await process.StandardInput.WriteAsync(input).ConfigureAwait(false);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new ToolException($"{name} did not end within {Patience.TotalSeconds:0} s");
        }

        var reason = (await errors.ConfigureAwait(false)).Split('\n', 2)[0];
        if (reason.Contains("Operation not permitted", StringComparison.Ordinal))
            throw new ToolException($"{name} may not {task}; run as root, or with the capability CAP_NET_ADMIN");
        return process.ExitCode == 0 ? await output.ConfigureAwait(false) : throw new ToolException($"{name}: {reason}");
    }
}

/// <summary>The kernel's rules or connections could not be read or changed; the message says why, and what to do.</summary>
internal sealed class ToolException(string message) : Exception(message);
