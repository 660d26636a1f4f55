using System.Globalization;
using System.Text.RegularExpressions;
using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.Secrets;

namespace JustRunIt.HostAgent.Configuration;

/// <summary>
/// What an agent may be told to start, whoever tells it: programs with their arguments, images, and as whom programs run. What is not
/// named is refused.
/// </summary>
/// <param name="Programs">The programs.</param>
/// <param name="Images">Folders and files that programs may run on; one that needs none needs no word here.</param>
/// <param name="Users">Users of this host that programs may run as.</param>
internal sealed record Allowed(
    IReadOnlyList<AllowedProgram> Programs, IReadOnlyList<string> Images, IReadOnlyList<string> Users)
{
    /// <summary>Nothing.</summary>
    public static Allowed Nothing { get; } = new([], [], []);

    /// <summary>Whom programs run as: the agent's own user.</summary>
    public static string OwnUser { get; } = Environment.UserName;

    /// <summary>Refuses what is not allowed: of arguments with placeholders, what they will be.</summary>
    /// <param name="program">What is to be started; looked at before (<see cref="ProgramCheck"/>).</param>
    /// <param name="next">What its next tier will be; null for none.</param>
    /// <exception cref="HostException">It is not; the message names the field, its value, and what is allowed.</exception>
    public void Check(VmProgram program, string? next)
    {
        ArgumentNullException.ThrowIfNull(program);
        if (!Users.Contains(OwnUser, StringComparer.Ordinal))
            throw new HostException($"allow.users: programs run as {OwnUser} here; allowed is {Shown(Users)}");
        var sameName = Programs.Where(allowed => allowed.Executable == program.Executable).ToList();
        if (sameName.Count == 0)
        {
            throw new HostException(
                $"program.executable: '{program.Executable}' is not in the agent's allow.programs; allowed is "
                + Shown(Programs.Select(allowed => allowed.Executable).Distinct()));
        }

        var why = sameName.Select(allowed => allowed.WhyNot(program, next)).ToList();
        if (why.All(reason => reason is not null))
            throw new HostException(why[0]!);
        if (program.Image is { } image && !Images.Contains(image, StringComparer.Ordinal))
            throw new HostException($"program.image: '{image}' is not in the agent's allow.images; allowed is {Shown(Images)}");
    }

    /// <summary>Variables of a program that are no secrets, whatever they look like.</summary>
    public IReadOnlyList<string> PlainFor(string executable) =>
        [.. Programs.Where(allowed => allowed.Executable == executable).SelectMany(allowed => allowed.Plain)];

    private static string Shown(IEnumerable<string> values) =>
        values.ToList() is { Count: > 0 } some ? string.Join(" or ", some.Select(value => $"'{value}'")) : "none";
}

/// <summary>One program that may be started.</summary>
/// <param name="Executable">
/// As the command names it, letter for letter: an absolute path, or a name that is looked up on the agent's path.
/// </param>
/// <param name="Arguments">
/// A pattern for each argument: itself, with <c>*</c> for any text. <c>**</c> as the last stands for any further arguments.
/// </param>
/// <param name="Environment">Names of variables that it may be given: some make a program load what another has written.</param>
internal sealed partial record AllowedProgram(
    string Executable, IReadOnlyList<string> Arguments, IReadOnlyList<string> Environment)
{
    private const string Rest = "**";

    /// <summary>Variables of <see cref="Environment"/> that are secrets: their values are the agent's, and are only named to it.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>Variables of <see cref="Environment"/> that are no secrets, whatever they look like.</summary>
    public IReadOnlyList<string> Plain { get; init; } = [];

    /// <summary>Why it may not be started so with that next tier; null when it may.</summary>
    public string? WhyNot(VmProgram program, string? next)
    {
        ArgumentNullException.ThrowIfNull(program);
        if (program.Environment.Keys.FirstOrDefault(name => !Environment.Contains(name, StringComparer.Ordinal)) is { } variable)
            return $"program.environment: '{variable}' is not in the agent's allow.programs for {Executable}";
        var secrets = program.Environment.Where(one => Secrets.Contains(one.Key, StringComparer.Ordinal));
        if (secrets.FirstOrDefault(one => !ServerSecrets.IsNamed(one.Value)).Key is { } secret)
        {
            return $"program.environment: '{secret}' is a secret by the agent's allow.programs for {Executable}; allowed is "
                + "{secret:NAME}";
        }

        var isOpen = Arguments is [.., Rest];
        var patterns = isOpen ? Arguments.SkipLast(1).ToList() : Arguments;
        if (program.Arguments.Count < patterns.Count || (!isOpen && program.Arguments.Count > patterns.Count))
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"program.arguments: {program.Arguments.Count}; allowed by the agent's allow.programs for {Executable} are "
                + $"{patterns.Count}{(isOpen ? " and more" : "")}");
        }

        string Fill(string text) => Launcher.Fill(text, program.Listen, next);
        for (var i = 0; i < patterns.Count; i++)
        {
            var (pattern, argument) = (patterns[i], program.Arguments[i]);
            var allowed = $"allowed by the agent's allow.programs for {Executable} is '{pattern}'";
            if (!Matches(pattern, argument, text => text))
                return $"program.arguments: '{argument}'; {allowed}";
            // Where the agent's own file has the placeholder, what stands for it was let in there.
            if (argument != pattern && Fill(argument) is var filled && filled != argument && !Matches(pattern, filled, Fill))
                return $"program.arguments: '{argument}', which becomes '{filled}'; {allowed}";
        }

        return null;
    }

    /// <summary>A pattern ends nowhere in a path that leads elsewhere: what stands for any text holds no <c>..</c>.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="text">The text.</param>
    /// <param name="fill">Puts addresses in the place of the pattern's own placeholders; a <c>*</c> of theirs is no pattern's.</param>
    private static bool Matches(string pattern, string text, Func<string, string> fill) =>
        text == pattern
        || (pattern.Contains('*', StringComparison.Ordinal)
            && !ParentFolder().IsMatch(text)
            && Regex.IsMatch(
                text,
                $"\\A{string.Join(".*", pattern.Split('*').Select(part => Regex.Escape(fill(part))))}\\z",
                RegexOptions.Singleline | RegexOptions.NonBacktracking));

    [GeneratedRegex(@"(^|/)\.\.(/|$)")]
    private static partial Regex ParentFolder();
}
