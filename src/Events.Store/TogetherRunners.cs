using JustRunIt.Events.Deciding;
using Marten;
using Npgsql;

namespace JustRunIt.Events.Store;

/// <summary>Makes runners of decisions that are made together, each with what it has read.</summary>
internal sealed class TogetherRunners(
    DecisionRunner runner,
    IDocumentStore store,
    EventStore streams,
    NpgsqlDataSource dataSource,
    IEnumerable<IFactSource> facts,
    IEnumerable<IKeeper> keepers)
{
    /// <summary>The runner of a decider.</summary>
    public TogetherRunner<TMessage> For<TMessage>(IDecider<TMessage> decider)
        where TMessage : class =>
        new(decider, runner, store, new ReadyStates(streams, dataSource), [.. facts], keepers.ToDictionary(keeper => keeper.Kept));
}
