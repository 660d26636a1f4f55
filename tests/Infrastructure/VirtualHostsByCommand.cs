namespace JustRunIt.Infrastructure;

/// <summary>Administers a broker of ours through its command-line tool.</summary>
/// <param name="control">Path of rabbitmqctl, or of a program that takes the same arguments.</param>
internal sealed class VirtualHostsByCommand(string control) : IVirtualHosts
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    public async Task<IReadOnlyList<string>> ListAsync() =>
        (await RunAsync("list_vhosts", "--silent").ConfigureAwait(false))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public async Task CreateAsync(string name, string user)
    {
        await RunAsync("add_vhost", name).ConfigureAwait(false);
        await RunAsync("set_permissions", "-p", name, user, ".*", ".*", ".*").ConfigureAwait(false);
    }

    public Task DeleteAsync(string name) => RunAsync("delete_vhost", name);

    private Task<string> RunAsync(params string[] arguments) => CommandLine.RunAsync(control, arguments, Limit);
}
