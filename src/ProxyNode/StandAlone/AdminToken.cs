using System.Security.Cryptography;
using System.Text;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Files;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>
/// What whoever reads a proxy's figures over the network must know: the text of a file that only its owner may read. All proxies of a
/// user have the same unless told otherwise, so that those and the commands that ask them find it by themselves; it stays over restarts.
/// </summary>
internal sealed class AdminToken
{
    private const string HomeVariable = "JUSTRUNIT_HOME";
    private const string StateVariable = "XDG_STATE_HOME";
    private const string Scheme = "Bearer ";
    private const int Length = 32;
    private const int Shortest = 16;

    private readonly byte[] hash;

    private AdminToken(string text, string file) => (Text, File, hash) = (text, file, SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>
    /// The file unless another is given: <c>admin.token</c> in <c>.justrunit</c> of the repository, or in <c>justrunit</c> of the user's
    /// folder for state (XDG Base Directory Specification).
    /// </summary>
    public static string DefaultFile => Path.Combine(
        Variable(HomeVariable) is { } home ? Path.Combine(home, ".justrunit")
            : Path.Combine(Variable(StateVariable) ?? Path.Combine(Variable("HOME") ?? "/", ".local/state"), "justrunit"),
        "admin.token");

    /// <summary>The token.</summary>
    public string Text { get; }

    /// <summary>Where it stands.</summary>
    public string File { get; }

    /// <summary>Reads the token of a file, or draws one where there is no file yet.</summary>
    /// <param name="file">The file; null for <see cref="DefaultFile"/>.</param>
    /// <exception cref="ConfigurationException">The file cannot be used, or others may read it.</exception>
    public static AdminToken Have(string? file)
    {
        var path = Path.GetFullPath(file ?? DefaultFile);
        try
        {
            if (!System.IO.File.Exists(path))
                Draw(path);
            return Read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Wrong(path, $"cannot be used ({e.Message})");
        }
    }

    /// <summary>Reads the token of a file; null where there is none that can be read.</summary>
    /// <exception cref="ConfigurationException">A file that was given cannot be used.</exception>
    public static AdminToken? Find(string? file)
    {
        try
        {
            return Read(Path.GetFullPath(file ?? DefaultFile));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return file is null ? null : throw Wrong(file, $"cannot be read ({e.Message})");
        }
    }

    /// <summary>Whether a request carries it (RFC 6750 §2.1). Takes the same time whatever it carries.</summary>
    /// <param name="authorization">The header's value; empty without.</param>
    public bool IsIn(string authorization)
    {
        var isBearer = authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);
        var said = SHA256.HashData(Encoding.UTF8.GetBytes(isBearer ? authorization[Scheme.Length..].Trim() : ""));
        return CryptographicOperations.FixedTimeEquals(said, hash) && isBearer;
    }

    /// <summary>Two proxies that start at once have the same: the first to finish its file.</summary>
    private static void Draw(string path)
    {
        OwnerOnly.Folder(Path.GetDirectoryName(path)!);
        var next = $"{path}.{Environment.ProcessId}";
        OwnerOnly.WriteAllText(next, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Length)) + "\n");
        try
        {
            System.IO.File.Move(next, path, overwrite: false);
        }
        catch (IOException) when (System.IO.File.Exists(path))
        {
            System.IO.File.Delete(next);
        }
    }

    private static AdminToken Read(string path)
    {
        if (System.IO.File.Exists(path) && OwnerOnly.IsOpenToOthers(path))
            throw Wrong(path, "may be read by others");
        var text = System.IO.File.ReadAllText(path).Trim();
        return text.Length >= Shortest && text.All(c => c is > ' ' and < '\x7F')
            ? new AdminToken(text, path)
            : throw Wrong(path, "holds no token");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static ConfigurationException Wrong(string path, string reason) => new(
        $"command line: --admin-token: '{path}' {reason}; allowed is a file of mode 600 with a word of {Shortest} characters or more, or "
        + "one that is not there yet");
}
