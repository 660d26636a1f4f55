using System.Collections.Immutable;

namespace JustRunIt.Events.Sla;

/// <summary>A window that is being filled.</summary>
/// <param name="From">Its start (UTC); a multiple of its length.</param>
/// <param name="Nodes">What each source has put into it, by name.</param>
public sealed record WindowTally(DateTimeOffset From, ImmutableArray<NodeTally> Nodes)
{
    /// <summary>The window with a report more.</summary>
    public WindowTally Add(NodeTally reported)
    {
        ArgumentNullException.ThrowIfNull(reported);
        for (var i = 0; i < Nodes.Length; i++)
        {
            var order = string.CompareOrdinal(Nodes[i].Name, reported.Name);
            if (order == 0)
                return this with { Nodes = Nodes.SetItem(i, Nodes[i].And(reported)) };
            if (order > 0)
                return this with { Nodes = Nodes.Insert(i, reported) };
        }

        return this with { Nodes = Nodes.Add(reported) };
    }
}
