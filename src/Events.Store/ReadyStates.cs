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

    private readonly Dictionary<string, Dictionary<Type, (object Read, long Version)>> states = new(StringComparer.Ordinal);

    /// <summary>A state that was read; null when none was.</summary>
    public Versioned<TState>? Find<TState>(string stream)
        where TState : class, IState<TState> =>
        states.TryGetValue(stream, out var ofStream) && ofStream.TryGetValue(typeof(TState), out var read)
            ? (Versioned<TState>)read.Read
            : null;

    /// <summary>Reads a state that was not.</summary>
    public async ValueTask<Versioned<TState>> LoadAsync<TState>(string stream, CancellationToken cancellation)
        where TState : class, IState<TState>
    {
        if (Find<TState>(stream) is { } known)
            return known;
        var read = await streams.LoadAsync<TState>(stream, cancellation).ConfigureAwait(false);
        if (states.Count >= Most)
            states.Clear();
        if (!states.TryGetValue(stream, out var ofStream))
            states[stream] = ofStream = [];
        ofStream[typeof(TState)] = (read, read.Version);
        return read;
    }

    /// <summary>Forgets the states of a stream.</summary>
    public void Forget(string stream) => states.Remove(stream);

    /// <summary>Forgets everything.</summary>
    public void Forget() => states.Clear();

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

        var any = false;
        foreach (var stream in among)
        {
            if (states.TryGetValue(stream, out var ofStream)
                && ofStream.Values.Any(read => read.Version != now.GetValueOrDefault(stream)))
            {
                any = states.Remove(stream);
            }
        }

        return any;
    }
}
