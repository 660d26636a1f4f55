using System.Security.Cryptography;
using JustRunIt.Events.Naming;
using JustRunIt.Events.Sealing;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.Events.Store.Sealing;

/// <summary>How checkpoints are signed, and where they go besides the bus.</summary>
/// <param name="Log">The log's name: checkpoints and the key bear it.</param>
/// <param name="Key">The private key (PEM); null: nothing is signed.</param>
/// <param name="File">The file that holds the last checkpoint, outside of the database's reach; null for none.</param>
public sealed record SealSettings(string Log, string? Key, string? File)
{
    /// <summary>How often a checkpoint is signed, if there is anything new.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    private const string DefaultLog = "justrunit";
    private const string Pem = "-----BEGIN";

    /// <summary>Reads them from the environment.</summary>
    /// <exception cref="ConfigurationException">A variable is malformed; the error never repeats a key.</exception>
    public static SealSettings FromEnvironment()
    {
        var log = Environment.GetEnvironmentVariable(EnvironmentVariables.SealLog) is { Length: > 0 } named ? named : DefaultLog;
        if (!Name.IsValid(log))
            throw new ConfigurationException($"environment: {EnvironmentVariables.SealLog}: '{log}'; allowed is {Name.Allowed}");
        var path = Environment.GetEnvironmentVariable(EnvironmentVariables.Checkpoint);
        var file = path is { Length: > 0 } ? Path.GetFullPath(path) : null;
        var settings = new SealSettings(log, ReadKey(Environment.GetEnvironmentVariable(EnvironmentVariables.SealKey)), file);
        if (settings.Key is not null)
            settings.OpenKey().Dispose();
        return settings;
    }

    /// <summary>The whole key; whoever asks disposes of it.</summary>
    /// <exception cref="ConfigurationException">It is none that signs; the error never repeats it.</exception>
    public ECDsa OpenKey()
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(Key);
            if (!SealKey.IsOfCurve(key))
                throw Malformed("it is over another curve");
            // Of a public key alone there is nothing to export.
            key.ExportECPrivateKey();
            return key;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw Malformed("it is no private key");
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private static string? ReadKey(string? given)
    {
        if (given is not { Length: > 0 })
            return null;
        if (given.Contains(Pem, StringComparison.Ordinal))
            return given;
        try
        {
            return System.IO.File.ReadAllText(given);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"environment: {EnvironmentVariables.SealKey}: {e.Message}");
        }
    }

    private static ConfigurationException Malformed(string why) =>
        new($"environment: {EnvironmentVariables.SealKey}: {why}; allowed is {SealKey.Allowed}, or the path of a file with one");
}
