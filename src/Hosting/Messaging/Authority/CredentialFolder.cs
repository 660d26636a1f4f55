using System.Security.Cryptography;
using JustRunIt.Events.Authority;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Messaging.Connecting;

namespace JustRunIt.Hosting.Messaging.Authority;

/// <summary>
/// The passwords of an installation's users, one file each, which their owner alone may read: <c>rabbitmq/ROLE</c> and
/// <c>postgresql/ROLE</c>. For what starts the other processes; each of those is given its own.
/// </summary>
/// <param name="folder">Where.</param>
public sealed class CredentialFolder(string folder)
{
    private const int PasswordBytes = 24;
    private const string SealKeyName = "seal.pem";
    private const UnixFileMode OwnersFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The folder of the environment; null when it names none.</summary>
    /// <exception cref="ConfigurationException">It is not there.</exception>
    public static CredentialFolder? FromEnvironment() =>
        Environment.GetEnvironmentVariable(EnvironmentVariables.Credentials) is not { Length: > 0 } given ? null
        : Directory.Exists(given) ? new CredentialFolder(given)
        : throw new ConfigurationException($"environment: {EnvironmentVariables.Credentials}: '{given}' is no folder");

    /// <summary>Whether somebody has a password of the broker's.</summary>
    public bool Knows(Speaker speaker)
    {
        ArgumentNullException.ThrowIfNull(speaker);
        return Read("rabbitmq", speaker.ToString()) is not null;
    }

    /// <summary>The address with which somebody connects to the broker.</summary>
    /// <param name="broker">Where it is; its user does not matter.</param>
    /// <param name="speaker">Who.</param>
    /// <exception cref="ConfigurationException">There is no password for that user.</exception>
    public Uri BrokerAddress(Uri broker, Speaker speaker)
    {
        ArgumentNullException.ThrowIfNull(speaker);
        return BrokerConnections.WithUser(
            broker, BrokerIdentity.DefaultPrefix + speaker, Read("rabbitmq", speaker.ToString()) ?? throw Missing("rabbitmq", speaker));
    }

    /// <summary>The password with which a role logs in to the database.</summary>
    /// <exception cref="ConfigurationException">There is none.</exception>
    public string DatabasePassword(string role) => Read("postgresql", role) ?? throw new ConfigurationException(
        $"environment: {EnvironmentVariables.Credentials}: no password of the database's role {role}");

    /// <summary>The passwords of the broker's users; made where they are missing.</summary>
    public IReadOnlyDictionary<Speaker, string> BrokerPasswords(IEnumerable<Speaker> speakers)
    {
        ArgumentNullException.ThrowIfNull(speakers);
        return speakers.Distinct().ToDictionary(
            speaker => speaker,
            speaker => Read("rabbitmq", speaker.ToString()) ?? Make("rabbitmq", speaker.ToString()));
    }

    /// <summary>
    /// The file of the key that signs checkpoints (PEM), made where it is missing; its public half, for auditors, stands beside it with
    /// <c>.pub</c>.
    /// </summary>
    public string SealKeyFile()
    {
        var file = Path.Combine(folder, SealKeyName);
        if (File.Exists(file))
            return file;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // Whoever makes one at the same time has made the pair then.
        if (MakeFile(file, key.ExportECPrivateKeyPem()))
            MakeFile($"{file}.pub", key.ExportSubjectPublicKeyInfoPem());
        return file;
    }

    private static ConfigurationException Missing(string kind, Speaker speaker) => new(
        $"environment: {EnvironmentVariables.Credentials}: no password of {kind}'s user {BrokerIdentity.DefaultPrefix}{speaker}; "
        + "'./justrunit roles' makes it");

    private string? Read(string kind, string name)
    {
        var file = PathOf(kind, name);
        return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }

    /// <summary>A new password; whoever made one at the same time is first.</summary>
    private string Make(string kind, string name)
    {
        var (file, password) = (PathOf(kind, name), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(PasswordBytes)));
        return MakeFile(file, password) ? password : Read(kind, name)!;
    }

    /// <summary>Makes a file that is there whole or not at all.</summary>
    /// <returns>Whether it was made; else somebody made it at the same time.</returns>
    private static bool MakeFile(string file, string text)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("Passwords are kept where files have an owner who alone reads them.");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!, OwnersFolder);
        var made = $"{file}.{Guid.NewGuid():N}";
        using (var writer = new StreamWriter(new FileStream(
            made, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnersFile })))
        {
            writer.WriteLine(text);
        }

        try
        {
            File.Move(made, file, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(file))
        {
            File.Delete(made);
            return false;
        }
    }

    /// <summary>Names are those of agents and nodes, which files give: none may lead elsewhere.</summary>
    private string PathOf(string kind, string name) =>
        name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && name[0] != '.'
            ? Path.Combine(folder, kind, name)
            : throw new ConfigurationException($"'{name}' is no user's name; allowed are letters, digits, '-', '_' and '.'");
}
