using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Tests.Compliance;

namespace JustRunIt.HostAgent.Tests;

/// <summary>
/// An agent takes up from another one what Placement has ordered, and nothing else (docs/decisions/0022-moving.md).
/// </summary>
public sealed class MoveOrdersTests : IDisposable
{
    private readonly AgentSettings settings =
        Agent.SettingsOf("here", "process", Directory.CreateTempSubdirectory("justrunit-orders-").FullName);

    private readonly MigrationStarted order = new(
        "dc",
        Guid.NewGuid(),
        0,
        Guid.NewGuid(),
        "there",
        "shop",
        "there-1",
        "host-1",
        DateTimeOffset.UtcNow.AddMinutes(5),
        DateTimeOffset.UtcNow,
        "here");

    private ReceiveVm Asked => new(
        Streams.DataCenter("dc"), order.RequestId, "here", "shop", "host-1", "127.0.0.1:4000", Guid.NewGuid());

    public void Dispose() => Directory.Delete(settings.StateFolder, recursive: true);

    [Fact]
    public async Task What_is_ordered_is_taken_up_from_the_agent_that_the_order_names()
    {
        var orders = Orders();
        orders.Hear(order);
        Assert.Null(await WhyNotAsync(orders, Asked));
        Assert.Null(await WhyNotAsync(orders, Asked with { Endpoint = null }));
        // Where nobody's word is checked nobody knows who asks.
        Assert.Null(await orders.WhyNotAsync(Asked, sender: null, () => false, CancellationToken.None));
    }

    [Fact]
    public async Task What_nobody_has_ordered_is_not()
    {
        var orders = Orders();
        orders.Hear(order with { ToAgent = "elsewhere" });
        orders.Hear(order with { ToAgent = null, Agent = "here" });
        orders.Hear(order with { DataCenter = "other" });
        Assert.Equal("no such move to this agent is known to be ordered", await WhyNotAsync(orders, Asked));
        orders.Hear(order);
        Assert.Contains("no such move", await WhyNotAsync(orders, Asked with { RequestId = Guid.NewGuid() }));
    }

    [Fact]
    public async Task An_order_is_about_what_it_says_and_nothing_else()
    {
        var orders = Orders();
        orders.Hear(order);
        Assert.Equal("vm: 'bank'; allowed is shop, which the order names", await WhyNotAsync(orders, Asked with { Vm = "bank" }));
        Assert.Equal("to: 'host-2'; allowed is host-1, which the order names", await WhyNotAsync(orders, Asked with { To = "host-2" }));
        Assert.StartsWith("subject: 'matrix-1'; allowed is ", await WhyNotAsync(orders, Asked with { Subject = "matrix-1" }));
        Assert.Equal("agent evil asks; allowed is there, which the order names", await WhyNotAsync(orders, Asked, sender: "evil"));
    }

    [Fact]
    public async Task An_order_moves_once_and_in_its_time_and_whoever_asks_where_it_is_is_answered_all_the_same()
    {
        var orders = Orders();
        orders.Hear(order);
        orders.Taken(order.RequestId);
        Assert.Equal("what that order moves has come", await WhyNotAsync(orders, Asked));
        Assert.Null(await WhyNotAsync(orders, Asked with { Endpoint = null }));

        var late = order with { RequestId = Guid.NewGuid(), AnswerBy = DateTimeOffset.UtcNow.AddMinutes(-1) };
        orders.Hear(late);
        Assert.StartsWith("expired", await WhyNotAsync(orders, Asked with { RequestId = late.RequestId }));
        Assert.Null(await WhyNotAsync(orders, Asked with { RequestId = late.RequestId, Endpoint = null }));
    }

    /// <summary>The agent was killed between the landing and the answer: it is asked again, maybe late.</summary>
    [Fact]
    public async Task What_is_here_is_answered_for_however_often_and_late_that_is_asked()
    {
        var orders = Orders();
        orders.Hear(order);
        orders.Taken(order.RequestId);
        Assert.Null(await WhyNotAsync(orders, Asked, isHere: true));
        Assert.Equal("agent evil asks; allowed is there, which the order names", await WhyNotAsync(orders, Asked, "evil", isHere: true));

        var late = order with { RequestId = Guid.NewGuid(), AnswerBy = DateTimeOffset.UtcNow.AddMinutes(-1) };
        orders.Hear(late);
        Assert.Null(await WhyNotAsync(orders, Asked with { RequestId = late.RequestId }, isHere: true));
        Assert.Contains("no such move", await WhyNotAsync(orders, Asked with { RequestId = Guid.NewGuid() }, isHere: true));
    }

    [Fact]
    public async Task An_order_that_is_on_its_way_is_waited_for()
    {
        var orders = new MoveOrders(settings, TimeProvider.System) { Patience = TimeSpan.FromMinutes(5) };
        var asked = WhyNotAsync(orders, Asked);
        Assert.False(asked.IsCompleted);
        orders.Hear(order with { RequestId = Guid.NewGuid() });
        orders.Hear(order);
        Assert.Null(await asked);
    }

    [Fact]
    public async Task Orders_are_known_after_a_restart_and_what_has_come_by_them_too()
    {
        Orders().Hear(order);
        Assert.Null(await WhyNotAsync(Orders(), Asked));
        Orders().Taken(order.RequestId);
        Assert.Equal("what that order moves has come", await WhyNotAsync(Orders(), Asked));
    }

    [Fact]
    public async Task The_newest_orders_are_kept()
    {
        var orders = Orders();
        var all = Enumerable.Range(0, 300).Select(_ => order with { RequestId = Guid.NewGuid() }).ToList();
        all.ForEach(orders.Hear);
        Assert.Null(await WhyNotAsync(Orders(), Asked with { RequestId = all[^1].RequestId }));
        Assert.NotNull(await WhyNotAsync(Orders(), Asked with { RequestId = all[0].RequestId }));
    }

    private static Task<string?> WhyNotAsync(MoveOrders orders, ReceiveVm asked, string sender = "there", bool isHere = false) =>
        orders.WhyNotAsync(asked, sender, () => isHere, CancellationToken.None);

    private MoveOrders Orders() => new(settings, TimeProvider.System) { Patience = TimeSpan.Zero };
}
