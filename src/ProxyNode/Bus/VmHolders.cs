using System.Collections.Immutable;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Placement;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>
/// Which host agent holds a virtual machine, and so is believed when it tells where that is. An agent may speak for itself only, but of
/// whatever virtual machine it likes: if each were believed, one of them could draw the on-line connections of every tier to itself. The
/// holder is the agent that an ordered move went to; before the first such move, the one that says alone that it has it.
/// </summary>
/// <param name="vms">The virtual machines that matter.</param>
internal sealed class VmHolders(IEnumerable<string> vms)
{
    private const int MostOrders = 1000;

    /// <summary>An agent that was busy until then still has to be heard.</summary>
    private static readonly TimeSpan AnswerDelay = TimeSpan.FromMinutes(10);

    private readonly ImmutableDictionary<string, Known> known =
        vms.Distinct(StringComparer.Ordinal).ToImmutableDictionary(vm => vm, _ => new Known(), StringComparer.Ordinal);

    private readonly Newest<MigrationStarted> orders = new(MostOrders);
    private readonly Newest<VmMigrated> early = new(MostOrders);
    private readonly Dictionary<Guid, MigrationStarted> pending = [];

    /// <summary>Moves that are ordered and not answered, in the order of their times.</summary>
    public IReadOnlyList<MigrationStarted> Pending => [.. pending.Values.OrderBy(order => order.At)];

    /// <summary>Moves of which nobody waits for an answer any more are no longer to be remembered.</summary>
    /// <param name="now">The time (UTC).</param>
    public void Forget(DateTimeOffset now)
    {
        foreach (var order in Pending.Where(order => IsOver(order, now)))
            pending.Remove(order.RequestId);
    }

    /// <summary>Whether nobody waits for an answer any more.</summary>
    public static bool IsOver(MigrationStarted order, DateTimeOffset now) => now - order.AnswerBy > AnswerDelay;

    /// <summary>Placement has ordered a move.</summary>
    /// <returns>What the answer says, if it came first: each of both has a queue of its own.</returns>
    public VmWord? Order(MigrationStarted order)
    {
        if (!known.ContainsKey(order.Vm))
            return null;
        if (!orders.TryGet(order.RequestId, out _))
            pending[order.RequestId] = order;
        orders.Add(order.RequestId, order);
        return early.TryGet(order.RequestId, out var answer) ? Move(answer) : null;
    }

    /// <summary>An agent says that it has a virtual machine after a move.</summary>
    /// <returns>Null when it says nothing new, or of none that matters.</returns>
    public VmWord? Move(VmMigrated moved)
    {
        if (moved.Endpoint is not { } endpoint || !known.TryGetValue(moved.Vm, out var vm))
            return null;
        var word = new VmWord(moved.Agent, moved.Vm, endpoint, moved.Moves);
        if (!orders.TryGet(moved.RequestId, out var order))
        {
            early.Add(moved.RequestId, moved);
            return vm.Holder == moved.Agent ? vm.Heard(word) : word with { Doubt = "no such move is known to be ordered" };
        }

        if (order.Vm != moved.Vm || (order.ToAgent ?? order.Agent) != moved.Agent)
            return word with { Doubt = $"the move that was ordered takes {order.Vm} to agent {order.ToAgent ?? order.Agent}" };
        pending.Remove(moved.RequestId);
        if (order.At > vm.OrderedAt)
            return vm.Ordered(word with { IsOrdered = true }, order.At);
        return vm.Holder == moved.Agent ? vm.Heard(word) : null;
    }

    /// <summary>An agent tells what it runs.</summary>
    /// <returns>What it says of virtual machines whose holder is known.</returns>
    public IReadOnlyList<VmWord> Report(HostReported report)
    {
        List<VmWord> words = [];
        foreach (var (name, vm) in known)
        {
            var told = report.Vms.FirstOrDefault(told => told.Name == name && told.CloneOf is null);
            if (told is null)
                vm.Claims.Remove(report.Agent);
            else if (vm.Tell(new VmWord(report.Agent, name, told.Endpoint, told.Moves)) is { } word)
                words.Add(word);
        }

        return words;
    }

    /// <summary>All agents have had the time to answer: whoever says alone that it has a virtual machine holds it.</summary>
    /// <returns>What the new holders say.</returns>
    public IReadOnlyList<VmWord> Settle() => [.. known.Values.Select(vm => vm.Settle()).OfType<VmWord>()];

    private sealed class Known
    {
        private int moves;

        public string? Holder { get; private set; }

        public DateTimeOffset OrderedAt { get; private set; } = DateTimeOffset.MinValue;

        /// <summary>What agents say as long as the holder is not known.</summary>
        public Dictionary<string, VmWord> Claims { get; } = new(StringComparer.Ordinal);

        public VmWord Ordered(VmWord word, DateTimeOffset at)
        {
            (Holder, OrderedAt, moves) = (word.Agent, at, word.Moves);
            Claims.Clear();
            return word;
        }

        public VmWord Heard(VmWord word)
        {
            moves = Math.Max(moves, word.Moves);
            return word;
        }

        public VmWord? Tell(VmWord word)
        {
            if (Holder == word.Agent)
                return Heard(word);
            if (Holder is not null)
            {
                // With a lower number it was said before the last move, and is only late.
                return word.Moves < moves
                    ? null
                    : word with { Doubt = $"agent {Holder} holds it, and no move of it is known to be ordered" };
            }

            Claims[word.Agent] = word;
            return Claims.Count == 1 ? null
                : word with { Doubt = $"so does agent {Claims.Keys.First(agent => agent != word.Agent)}, and neither is believed" };
        }

        public VmWord? Settle()
        {
            if (Holder is not null || Claims.Count != 1)
                return null;
            var word = Claims.Values.Single();
            Claims.Clear();
            Holder = word.Agent;
            return Heard(word);
        }
    }
}
