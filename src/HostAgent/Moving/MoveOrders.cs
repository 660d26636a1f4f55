using JustRunIt.Events.Hosts;
using JustRunIt.Events.Placement;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Files;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.Moving;

/// <summary>
/// The moves to this agent that Placement has ordered: nothing else is taken up, whichever agent asks for it. Known after a restart, the
/// newest of them (docs/decisions/0022-moving.md).
/// </summary>
internal sealed class MoveOrders(AgentSettings settings, TimeProvider clock)
{
    private const string FileName = "orders.json";
    private const string Kind = "orders";
    private const int Most = 200;

    private readonly RecordFile<Content> file = new(Path.Combine(settings.StateFolder, FileName), Kind, settings.Id);
    private readonly Lock gate = new();
    private List<MoveOrder>? known;
    private TaskCompletionSource heard = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How long an order is waited for: it and what the sender was told are in queues of their own.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Placement has ordered a move; one that does not come here is none of this agent's.</summary>
    public void Hear(MigrationStarted order)
    {
        if (order.ToAgent != settings.Agent || order.Agent == settings.Agent || order.DataCenter != settings.DataCenter)
            return;
        lock (gate)
        {
            var orders = Known();
            if (orders.Exists(one => one.Request == order.RequestId))
                return;
            orders.Add(new MoveOrder(order.RequestId, order.DataCenter, order.Vm, order.Agent, order.To, order.AnswerBy));
            if (orders.Count > Most)
                orders.RemoveAt(0);
            Save(orders);
            heard.SetResult();
            heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>
    /// Why nothing is done as an agent asks; null when Placement has ordered that. An order that is on its way is waited for.
    /// </summary>
    /// <param name="command">What it asks.</param>
    /// <param name="sender">Who asks, as the broker has checked it; null where nobody's word is checked.</param>
    /// <param name="isHere">Whether it runs here, asked when the order is known.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<string?> WhyNotAsync(
        ReceiveVm command, string? sender, Func<bool> isHere, CancellationToken cancellation)
    {
        using var ended = new CancellationTokenSource(Patience, clock);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation, ended.Token);
        while (true)
        {
            Task more;
            lock (gate)
            {
                if (Known().Find(one => one.Request == command.RequestId) is { } order)
                    return order.WhyNot(command, sender, isHere(), clock.GetUtcNow());
                more = heard.Task;
            }

            try
            {
                await more.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return "no such move to this agent is known to be ordered";
            }
        }
    }

    /// <summary>What an order moves has come.</summary>
    public void Taken(Guid request)
    {
        lock (gate)
        {
            var orders = Known();
            if (orders.FindIndex(one => one.Request == request && !one.IsTaken) is >= 0 and var at)
            {
                orders[at] = orders[at] with { IsTaken = true };
                Save(orders);
            }
        }
    }

    private List<MoveOrder> Known() => known ??= [.. file.Read().Content?.Orders ?? []];

    private void Save(List<MoveOrder> orders)
    {
        try
        {
            file.Save(new Content(orders));
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            // A full disk keeps no move from being carried out; after a restart it is one that nobody has ordered.
        }
    }

    /// <summary>What the file holds.</summary>
    internal sealed record Content(IReadOnlyList<MoveOrder> Orders);
}
