using JustRunIt.Events.Explorations;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Sla;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>One exploration at a time a service, begun by a violation or by slack (§3.1).</summary>
public sealed class ExplorationTests
{
    private static readonly ServiceState Service = Given.Events<ServiceState>(Registered(Milliseconds(100)));
    private static readonly string Trigger = Wire.NameOf(typeof(SlaViolated));

    [Fact]
    public void A_violation_begins_an_exploration_with_the_settings_in_force()
    {
        var id = DeterministicId.From(Cause().MessageId, "exploration");
        ExplorationDecider.Start(ExplorationsState.Initial, Service, Noon, Trigger, Cause()).Then(new ExplorationStarted(
            id,
            "shop",
            DataCenter,
            Trigger,
            Milliseconds(100),
            Registered(Milliseconds(100)).Exploration,
            [DeterministicId.From(id, "matrix/application")],
            Noon));
    }

    [Fact]
    public void While_one_is_active_another_violation_begins_none()
    {
        var active = Given.Events<ExplorationsState>(ExplorationDecider.Start(ExplorationsState.Initial, Service, Noon, Trigger, Cause()));
        ExplorationDecider.Start(active, Service, Noon + Seconds(10), Trigger, Cause(2)).ThenNothing();
    }

    [Fact]
    public void After_one_has_ended_violations_are_left_alone_for_a_while()
    {
        var ended = Given.Events<ExplorationsState>(new ExplorationCompleted(Guid.Empty, "shop", "done", Noon));
        ExplorationDecider.Start(ended, Service, Noon + Seconds(59), Trigger, Cause()).ThenNothing();
        Assert.Single(ExplorationDecider.Start(ended, Service, Noon + Seconds(60), Trigger, Cause()));
    }

    [Fact]
    public void A_service_that_nobody_registered_is_not_explored() =>
        ExplorationDecider.Start(ExplorationsState.Initial, ServiceState.Initial, Noon, Trigger, Cause()).ThenNothing();

    [Fact]
    public void The_matrix_gets_the_server_and_a_sandbox_of_its_agent()
    {
        var dataCenter = Given.Events<DataCenterState>(
            Machine("app-1"), Machine("sandbox-1", role: MachineRole.Sandbox), Vm("shop-app", "app-1", 0.5));
        var (opened, problem) = ExplorationDecider.Open(Exploration(), 0, Service, dataCenter, Noon + TimeSpan.FromMinutes(10), Noon);
        Assert.Equal("", problem);
        Assert.Equal(("shop-app", "sandbox-1", "127.0.0.1:1", Noon + TimeSpan.FromMinutes(10)), (opened!.Vm, opened.Sandbox.Machine, opened.Sandbox.Next, opened.Deadline));
    }

    [Fact]
    public void A_server_that_has_moved_to_another_agent_is_cloned_there()
    {
        var dataCenter = Given.Events<DataCenterState>(
            Machine("app-1"),
            Machine("sandbox-1", role: MachineRole.Sandbox),
            Machine("app-2") with { Agent = "other" },
            Machine("sandbox-2", role: MachineRole.Sandbox) with { Agent = "other" },
            Vm("shop-app", "app-1", 0.5),
            new MigrationCompleted(Guid.NewGuid(), 0, "shop-app", "app-2", Seconds(1)));
        var (opened, _) = ExplorationDecider.Open(Exploration(), 0, Service, dataCenter, Noon + TimeSpan.FromMinutes(10), Noon);
        Assert.Equal(("other", "sandbox-2"), (opened!.Sandbox.Agent, opened.Sandbox.Machine));
    }

    [Fact]
    public void Without_a_sandbox_or_a_running_server_the_reason_is_said()
    {
        Assert.Equal(
            "no server of tier application runs in data centre dc",
            ExplorationDecider.Open(Exploration(), 0, Service, DataCenterState.Initial, Noon + TimeSpan.FromMinutes(10), Noon).Problem);
        Assert.Equal(
            "host agent agent, which runs shop-app, has no sandbox machine in data centre dc; add one to its file",
            ExplorationDecider.Open(Exploration(), 0, Service, Given.Events<DataCenterState>(Machine("app-1"), Vm("shop-app", "app-1", 0.5)), Noon + TimeSpan.FromMinutes(10), Noon).Problem);
    }

    [Fact]
    public void A_server_on_a_machine_that_nobody_announced_is_not_explored() => Assert.Equal(
        "machine app-1, where shop-app runs, has not been announced",
        ExplorationDecider.Open(Exploration(), 0, Service, Given.Events<DataCenterState>(Vm("shop-app", "app-1", 0.5)), Noon + TimeSpan.FromMinutes(10), Noon).Problem);

    private static ExplorationStarted Exploration() =>
        (ExplorationStarted)ExplorationDecider.Start(ExplorationsState.Initial, Service, Noon, Trigger, Cause()).Single();
}
