using System.Diagnostics;
using System.Text.Json;
using JustRunIt.Hosting.Messaging.Authority;

namespace JustRunIt.Infrastructure;

/// <summary>
/// Administers a broker of ours through its command-line tool, whose start takes a second of a processor: one call makes or deletes
/// many.
/// </summary>
/// <param name="control">Path of rabbitmqctl, or of a program that takes the same arguments.</param>
internal sealed class VirtualHostsByCommand(string control) : IVirtualHosts
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public int Batch => 8;

    public async Task<IReadOnlyList<string>> ListAsync() =>
        (await RunAsync("list_vhosts", "--silent").ConfigureAwait(false))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public Task CreateAsync(IReadOnlyList<string> names, string user)
    {
        var definitions = new
        {
            vhosts = names.Select(name => new { name }),
            permissions = names.Select(name => new { user, vhost = name, configure = ".*", write = ".*", read = ".*" }),
        };
        return ImportAsync(JsonSerializer.Serialize(definitions));
    }

    public async Task ImportAsync(string definitions)
    {
        using var limit = new CancellationTokenSource(Limit);
        if (await DefinitionsImport.TryAsync(control, definitions, limit.Token).ConfigureAwait(false) is { } problem)
            throw new InvalidOperationException($"{control} import_definitions: {problem}");
    }

    public Task DeleteAsync(IReadOnlyList<string> names) =>
        names.Count == 0 ? Task.CompletedTask : RunAsync("eval", Deletion(names));

    // In a session of its own and with nobody's pipes: the test runner kills a process that takes long to end.
    public void DeleteAfterwards(IReadOnlyList<string> names)
    {
        if (names.Count > 0)
        {
            const string Silently = "exec \"$@\" </dev/null >/dev/null 2>&1";
            Process.Start("setsid", ["sh", "-c", Silently, "sh", control, "eval", Deletion(names)]).Dispose();
        }
    }

    // delete_vhost takes one name; each name is one of TestName's, which need no escaping.
    private static string Deletion(IReadOnlyList<string> names) =>
        $"[rabbit_vhost:delete(V, <<\"tests\">>) || V <- [{string.Join(", ", names.Select(name => $"<<\"{name}\">>"))}],"
        + " rabbit_vhost:exists(V)].";

    private Task<string> RunAsync(params string[] arguments) => CommandLine.RunAsync(control, arguments, Limit);
}
