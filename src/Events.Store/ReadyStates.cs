using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using Npgsql;
using NpgsqlTypes;

namespace JustRunIt.Events.Store;

/// <summary>States of streams that are asked for again and again: read anew only when their streams have grown.</summary>
internal sealed class ReadyStates(EventStore streams, NpgsqlDataSource dataSource)
{
    private const int Most = 20_000;
    private const string Versions = $"SELECT id, version FROM {StoreSetup.Schema}.mt_streams WHERE id = ANY($1)";

    private readonly Dictionary<(string Stream, Type State), (object Read, long Version)> states = [];

    /// <summary>A state that was read; null when none was.</summary>
    public Versioned<TState>? Find<TState>(string stream)
        where TState : class, IState<TState> =>
        states.TryGetValue((stream, typeof(TState)), out var read) ? (Versioned<TState>)read.Read : null;

    /// <summary>Reads a state that was not.</summary>
    public async ValueTask<Versioned<TState>> LoadAsync<TState>(string stream, CancellationToken cancellation)
        where TState : class, IState<TState>
    {
        if (Find<TState>(stream) is { } known)
            return known;
        var read = await streams.LoadAsync<TState>(stream, cancellation).ConfigureAwait(false);
        if (states.Count >= Most)
            states.Clear();
        states[(stream, typeof(TState))] = (read, read.Version);
        return read;
    }

    /// <summary>Forgets the states of a stream.</summary>
    public void Forget(string stream)
    {
        foreach (var key in states.Keys.Where(key => key.Stream == stream).ToList())
            states.Remove(key);
    }

    /// <summary>Forgets those of these streams that have grown since they were read.</summary>
    /// <returns>Whether there were any.</returns>
    public async Task<bool> ForgetGrownAsync(IReadOnlyCollection<string> among, CancellationToken cancellation)
    {
        var now = new Dictionary<string, long>(StringComparer.Ordinal);
        await using var command = dataSource.CreateCommand(Versions);
        command.Parameters.Add(new NpgsqlParameter<string[]>
        {
            TypedValue = [.. among],
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Varchar,
        });
        await using (var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
                now[reader.GetString(0)] = reader.GetInt64(1);
        }

        var grown = states.Where(state =>
            among.Contains(state.Key.Stream) && state.Value.Version != now.GetValueOrDefault(state.Key.Stream)).ToList();
        foreach (var (key, _) in grown)
            states.Remove(key);
        return grown.Count > 0;
    }
}
