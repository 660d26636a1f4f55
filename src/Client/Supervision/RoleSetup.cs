using System.Diagnostics;
using System.Text.Json.Nodes;
using JustRunIt.Events.Authority;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Messaging.Authority;
using JustRunIt.Hosting.Messaging.Connecting;

namespace JustRunIt.Client.Supervision;

/// <summary>Gives the users of all roles their permissions on a broker of ours, and makes what they need.</summary>
public static class RoleSetup
{
    private const int MostAttempts = 3;

    /// <summary>What the broker's tool says of an input that ends too early.</summary>
    private const string CutOff = "unexpected_end_of_buffer";

    /// <summary>Environment variable of the command that administers the broker; not set where it is not ours.</summary>
    public const string ControlVariable = "JUSTRUNIT_RABBITMQCTL";

    /// <summary>Those without names, and the named ones that are given.</summary>
    public static IEnumerable<Speaker> Everybody(IEnumerable<Speaker> named) =>
        Roles.All.Where(role => !role.IsNamed).Select(role => new Speaker(role, null)).Concat(named);

    /// <summary>What the broker at an address must have; passwords that are missing are made.</summary>
    public static JsonObject Definitions(CredentialFolder credentials, Uri broker, IEnumerable<Speaker> named)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        return BrokerDefinitions.Of(
            BrokerConnections.VirtualHostOf(broker), BrokerIdentity.DefaultPrefix, credentials.BrokerPasswords(Everybody(named)));
    }

    /// <summary>Hands it to the broker by its own command-line tool, where there is one.</summary>
    /// <exception cref="ConfigurationException">The tool failed; its words are in the message.</exception>
    public static async Task ApplyAsync(
        CredentialFolder credentials, Uri broker, IEnumerable<Speaker> named, CancellationToken cancellation)
    {
        if (Environment.GetEnvironmentVariable(ControlVariable) is not { Length: > 0 } control)
            return; // Whoever administers the broker has done it: './justrunit roles'.
        await ImportAsync(control, Definitions(credentials, broker, named), cancellation).ConfigureAwait(false);
    }

    /// <summary>Imports definitions; they never stand on a command line or in a file.</summary>
    public static async Task ImportAsync(string control, JsonObject definitions, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(definitions);
        for (var attempt = 1; await TryImportAsync(control, definitions, cancellation).ConfigureAwait(false) is { } problem; attempt++)
        {
            // Now and then the broker's tool takes what has come of its input so far for all of it. What is imported twice is the same.
            if (attempt == MostAttempts || !problem.Contains(CutOff, StringComparison.Ordinal))
                throw new ConfigurationException($"the broker does not take its users: {problem}");
        }
    }

    private static async Task<string?> TryImportAsync(string control, JsonObject definitions, CancellationToken cancellation)
    {
        using var process = Process.Start(new ProcessStartInfo(control, ["import_definitions"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var said = process.StandardOutput.ReadToEndAsync(cancellation);
        var errors = process.StandardError.ReadToEndAsync(cancellation);
        try
        {
            await process.StandardInput.WriteAsync(definitions.ToJsonString().AsMemory(), cancellation).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended, and says why.
        }

        await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        return process.ExitCode == 0 ? null : $"{await errors.ConfigureAwait(false)} {await said.ConfigureAwait(false)}";
    }
}
