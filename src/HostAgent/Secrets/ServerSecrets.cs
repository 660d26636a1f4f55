using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.Hosting.Files;
using JustRunIt.Hosting.Secrets;

namespace JustRunIt.HostAgent.Secrets;

/// <summary>
/// What a server must be told and nobody else may read: files in <c>secrets</c> of the state folder, named in a server's environment as
/// <c>{secret:NAME}</c>. So commands, messages and files hold the name alone.
/// </summary>
internal sealed partial class ServerSecrets
{
    private const string Folder = "secrets";
    private const long Longest = 64 * 1024;

    // Shorter values, such as 1 or true, are everywhere.
    private const int ShortestMasked = 6;
    private const int ShortestSecretMasked = 3;

    private const string NamedSecret = @"\{secret:([A-Za-z0-9][A-Za-z0-9._-]{0,62})\}";

    // Stands for a reference while its surroundings are looked at: a character that no text has (Unicode, private use).
    private const string Stand = "\uE000";

    // What Redaction puts around its mark, or takes away with what was there.
    private static readonly char[] Edges = [' ', '\t', '\r', '\n', '"', '\'', '\\'];

    // What this process has read, so that it is recognized where a server has said it.
    private static readonly ConcurrentDictionary<string, string> Known = new(StringComparer.Ordinal);

    private readonly string folder;

    /// <summary>Those of an agent.</summary>
    /// <param name="stateFolder">The agent's.</param>
    public ServerSecrets(string stateFolder)
    {
        folder = Path.Combine(stateFolder, Folder);
        foreach (var file in Directory.Exists(folder) ? Directory.GetFiles(folder) : [])
        {
            try
            {
                Read(Path.GetFileName(file));
            }
            catch (HostException)
            {
                // Whoever needs it is told.
            }
        }
    }

    /// <summary>The program with the secrets' values in its environment, for whoever starts it.</summary>
    /// <exception cref="HostException">A secret is not there, or others may read it; the message names it.</exception>
    public VmProgram Reveal(VmProgram program)
    {
        foreach (var (name, value) in program.Environment)
        {
            if (SealedEnvironment.IsSealed(value))
                throw new HostException($"environment: {name} was sealed with a key that is no longer there; start the server anew");
        }

        return program.Environment.Values.Any(value => Reference().IsMatch(value))
            ? program with
            {
                Environment = program.Environment.ToDictionary(
                    variable => variable.Key, variable => Reference().Replace(variable.Value, found => Read(found.Groups[1].Value))),
            }
            : program;
    }

    /// <summary>
    /// Refuses a program that is sent with what looks like a secret, by its variable's name or by what is in its value: whoever may look
    /// into the broker's queues reads it, and where a command cannot be handled it stays there.
    /// </summary>
    /// <param name="program">The program; no value of it is repeated.</param>
    /// <param name="allowed">What the agent's file says of it; null for nothing.</param>
    /// <exception cref="HostException">It is; with the names of the variables, and what is allowed.</exception>
    public static void CheckSent(VmProgram program, Allowed? allowed)
    {
        if (program.Environment.FirstOrDefault(variable => variable.Value == Redaction.Mark) is { Key: { } taken })
        {
            throw new HostException(
                $"program.environment: {taken}: '{Redaction.Mark}', which stands where a value was taken out; allowed is the value, "
                + "or {secret:NAME}");
        }

        var plain = allowed?.PlainFor(program.Executable) ?? [];
        if (InClear(program).Except(plain).ToList() is { Count: > 0 } clear)
        {
            throw new HostException(
                $"program.environment: {string.Join(", ", clear)}: in clear; allowed is {{secret:NAME}} in place of a secret, which is the "
                + $"file NAME, of mode 600, in {Folder} of the agent's stateFolder, or the variable in allow.programs[].plain of its file");
        }
    }

    /// <summary>Names of an environment's variables that look like secrets, or hold what does, and are given in clear.</summary>
    public static IReadOnlyList<string> InClear(VmProgram program) =>
    [
        .. program.Environment
            .Where(variable => Redaction.Default.IsSecret(variable.Key)
                ? variable.Value.Length > 0 && !IsNamed(variable.Value)
                : HoldsSecret(variable.Value))
            .Select(variable => variable.Key),
    ];

    /// <summary>Whether a value names a secret.</summary>
    public static bool IsNamed(string value) => Reference().IsMatch(value);

    /// <summary>A text about a program, such as its last words, without any value of its environment.</summary>
    public static string Masked(VmProgram program, string text)
    {
        foreach (var value in Known.Values.Where(value => value.Length >= ShortestSecretMasked).OrderByDescending(value => value.Length))
            text = text.Replace(value, Redaction.Mark, StringComparison.Ordinal);
        foreach (var (name, value) in program.Environment.OrderByDescending(variable => variable.Value.Length))
        {
            var shortest = Redaction.Default.IsSecret(name) ? ShortestSecretMasked : ShortestMasked;
            if (value.Length >= shortest && !value.Contains('{', StringComparison.Ordinal))
                text = text.Replace(value, Redaction.Mark, StringComparison.Ordinal);
        }

        return Redaction.Default.Text(text);
    }

    /// <summary>
    /// Whether a value holds what looks like a secret and is none by name. What is taken out of it may be more than the reference, such as
    /// the rest of its line.
    /// </summary>
    private static bool HoldsSecret(string value)
    {
        var named = NamedCredentials().Replace(value, Stand).Replace(Redaction.Mark, Stand, StringComparison.Ordinal).Trim(Edges);
        // What is between two pieces that are left was taken out.
        var pieces = Redaction.Default.Text(named).Split(Redaction.Mark).Select(piece => piece.Trim(Edges)).ToArray();
        if (!named.StartsWith(pieces[0], StringComparison.Ordinal))
            return true;
        var at = pieces[0].Length;
        foreach (var piece in pieces[1..])
        {
            var reference = named.IndexOf(Stand, at, StringComparison.Ordinal);
            var next = reference < 0 ? -1 : named.IndexOf(piece, reference + 1, StringComparison.Ordinal);
            if (next < 0)
                return true;
            at = next + piece.Length;
        }

        // To the end something was taken out, or nothing is left.
        return pieces[^1].Length > 0 && !named.EndsWith(pieces[^1], StringComparison.Ordinal);
    }

    private string Read(string name)
    {
        var file = Path.Combine(folder, name);
        try
        {
            if (OwnerOnly.IsOpenToOthers(file))
            {
                throw new HostException(
                    $"environment: secret {name}: others than the agent may read {file}; allowed is a file of mode 600");
            }

            if (new FileInfo(file).Length > Longest)
                throw new HostException($"environment: secret {name}: {file} is too long; allowed are {Longest} bytes");
            return Known[file] = File.ReadAllText(file).TrimEnd('\r', '\n');
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            throw new HostException($"environment: secret {name} cannot be read from {folder}: {e.GetType().Name}");
        }
    }

    [GeneratedRegex(NamedSecret, RegexOptions.CultureInvariant)]
    private static partial Regex Reference();

    /// <summary>A reference, with the way to log in that its secret is for (RFC 7235).</summary>
    [GeneratedRegex(
        @"(?:(?i:\b(?:bearer|basic|digest|negotiate|token|apikey))[ \t]+)?" + NamedSecret, RegexOptions.CultureInvariant)]
    private static partial Regex NamedCredentials();
}
