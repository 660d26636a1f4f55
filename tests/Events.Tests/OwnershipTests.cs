using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>A name is held by the agent that announced it, until it is released.</summary>
public sealed class OwnershipTests
{
    private const string Other = "other-agent";
    private static readonly InventoryDecider Decider = new();
    private static readonly ForgettingDecider Forgetting = new();
    private static readonly Guid Request = Guid.Parse("44444444-4444-4444-4444-444444444444");
    private static readonly Guid StartedBy = Guid.Parse("55555555-5555-5555-5555-555555555555");

    [Fact]
    public void A_second_claimant_of_a_machine_is_refused_and_told_who_holds_it()
    {
        var streams = Known();
        var refused = streams.When(Announced("app-1", Other), Decider).Of(DataCenterStream).Single();
        var claim = Assert.IsType<MachineClaimRefused>(refused);
        Assert.Equal((Other, Agent, "app-1"), (claim.Agent, claim.Holder, claim.Machine));
        Assert.Contains("./justrunit forget app-1", claim.Reason);
        Assert.Equal(Agent, InventoryOf([.. Events(), claim]).Machines["app-1"].Agent);
    }

    [Fact]
    public void An_agent_that_starts_again_keeps_its_machines_and_may_describe_them_anew()
    {
        Known().When(Announced("app-1", Agent), Decider).ThenNothing(WhyNothing.Unchanged);
        var larger = Announced("app-1", Agent) with { Capacity = Have(2, 4096) };
        Assert.Equal(Have(2, 4096), Assert.IsType<MachineJoined>(Known().When(larger, Decider).Of(DataCenterStream).Single()).Capacity);
    }

    [Fact]
    public void A_server_of_another_agent_is_refused_and_so_is_one_on_its_machine()
    {
        var claimed = Assert.IsType<VmClaimRefused>(
            Known().When(Started("shop-app", Other, "app-9"), Decider).Of(DataCenterStream).Single());
        Assert.Equal((Other, Agent), (claimed.Agent, claimed.Holder));
        var misplaced = Assert.IsType<VmClaimRefused>(Known().When(Started("new", Other, "app-1"), Decider).Of(DataCenterStream).Single());
        Assert.Contains("machine app-1", misplaced.Reason);
        Assert.Equal("app-1", InventoryOf([.. Events(), claimed, misplaced]).Vms["shop-app"].Machine);
    }

    [Fact]
    public void A_server_that_was_told_to_move_is_believed_to_have_also_after_the_move_was_given_up()
    {
        IDomainEvent[] moved =
        [
            .. Events(),
            new MachineJoined(DataCenter, "app-9", Other, MachineRole.Production, Have(1, 1024), "process", true),
            new MigrationStarted(DataCenter, Request, 0, Request, Agent, "shop-app", "app-1", "app-9", Noon, Noon, Other),
            new MigrationFailed(Request, 0, "shop-app", "the host agent has not answered"),
        ];
        var placed = Given.Stream(DataCenterStream, moved).When(Started("shop-app", Other, "app-9"), Decider).Of(DataCenterStream).Single();
        Assert.Equal("app-9", Assert.IsType<VmPlaced>(placed).Machine);
        var inventory = InventoryOf([.. moved, placed]);
        Assert.Equal(Other, inventory.HolderOf("shop-app"));
        // It was told once: the next claim is another's again.
        Assert.Empty(inventory.Ordered);
    }

    [Fact]
    public void A_server_that_has_ended_is_nobodys_but_not_on_an_old_word_or_another_agents()
    {
        var exited = new VmExited(Agent, "shop-app", null, "killed", DataCenter, StartedBy);
        var left = Assert.IsType<VmLeft>(Known().When(exited, Decider).Of(DataCenterStream).Single());
        Assert.Null(InventoryOf([.. Events(), left]).HolderOf("shop-app"));
        Known().When(exited with { Agent = Other }, Decider).ThenNothing(WhyNothing.NotAddressed);
        Known().When(exited with { StartedBy = Request }, Decider).ThenNothing(WhyNothing.AlreadyHandled);
        Known().When(exited with { DataCenter = null }, Decider).ThenNothing(WhyNothing.NotAddressed);
    }

    [Fact]
    public void A_machine_whose_agent_ends_in_good_order_is_not_counted_until_it_is_announced_again()
    {
        var leaving = Announced("app-1", Agent) with { Leaving = true };
        var left = Assert.IsType<MachineLeft>(Known().When(leaving, Decider).Of(DataCenterStream).Single());
        Assert.Empty(left.Vms);
        var inventory = InventoryOf([.. Events(), left]);
        Assert.DoesNotContain("app-1", inventory.Present.Machines.Keys);
        Assert.Empty(inventory.Present.Vms);
        Assert.Equal(Agent, inventory.HolderOf("shop-app"));
        var streams = Given.Stream(DataCenterStream, [.. Events(), left]);
        streams.When(leaving, Decider).ThenNothing(WhyNothing.Unchanged);
        // Its name is still its agent's.
        Assert.IsType<MachineClaimRefused>(streams.When(Announced("app-1", Other), Decider).Of(DataCenterStream).Single());
        var back = streams.When(Announced("app-1", Agent), Decider).Of(DataCenterStream).Single();
        Assert.Contains("app-1", InventoryOf([.. Events(), left, back]).Present.Machines.Keys);
        Known().When(leaving with { Agent = Other }, Decider).ThenNothing(WhyNothing.NotAddressed);
    }

    [Fact]
    public void An_agent_that_stops_what_it_runs_says_so_and_those_servers_are_nobodys()
    {
        var left = Known().When(Announced("app-1", Agent) with { Leaving = true, Stopping = true }, Decider).Of(DataCenterStream).Single();
        Assert.Equal(["shop-app"], Assert.IsType<MachineLeft>(left).Vms);
        Assert.Empty(InventoryOf([.. Events(), left]).Vms);
    }

    [Fact]
    public void A_machine_is_forgotten_on_command_and_may_be_announced_by_another_agent_then()
    {
        var forgotten = Known().When(new ForgetMachine(Request, DataCenter, "sandbox-1"), Forgetting).Of(DataCenterStream).Single();
        Assert.Equal(Agent, Assert.IsType<MachineForgotten>(forgotten).Agent);
        var streams = Given.Stream(DataCenterStream, [.. Events(), forgotten]);
        Assert.IsType<MachineJoined>(streams.When(Announced("sandbox-1", Other), Decider).Of(DataCenterStream).Single());
        // Once more is the same.
        var again = streams.When(new ForgetMachine(Request, DataCenter, "sandbox-1"), Forgetting).Of(DataCenterStream).Single();
        Assert.Null(Assert.IsType<MachineForgotten>(again).Agent);
    }

    [Fact]
    public void A_machine_with_servers_a_lease_or_steps_to_come_is_forgotten_only_by_force()
    {
        var command = new ForgetMachine(Request, DataCenter, "app-1");
        var kept = Known().When(command, Forgetting).Of(DataCenterStream).Single();
        Assert.Contains("shop-app run on it", Assert.IsType<MachineNotForgotten>(kept).Reason);
        var forgotten = Known().When(command with { Force = true }, Forgetting).Of(DataCenterStream).Single();
        Assert.Equal(["shop-app"], Assert.IsType<MachineForgotten>(forgotten).Vms);
        Assert.Empty(InventoryOf([.. Events(), forgotten]).Vms);
        var leased = Known().Given(SandboxStream, new SandboxLeased("sandbox-1", MatrixStream, Noon + TimeSpan.FromHours(1)));
        Assert.IsType<MachineNotForgotten>(
            leased.When(new ForgetMachine(Request, DataCenter, "sandbox-1"), Forgetting).Of(DataCenterStream).Single());
    }

    [Fact]
    public void A_service_that_the_configuration_names_no_longer_is_withdrawn_and_judged_no_more()
    {
        var decider = new RegistrationDecider();
        var streams = new InMemoryStreams(_ => null);
        streams.Handle(decider, new ConfigurationRead(DataCenter, Rules, [Registered()]), Cause(1));
        var withdrawn = streams.When(new ConfigurationRead(DataCenter, Rules, []), decider, Cause(2));
        var state = ServiceState.Evolve(
            ServiceState.Evolve(ServiceState.Initial, Registered()), Assert.Single(withdrawn.Of(ServiceStream)));
        Assert.True(state.IsWithdrawn);
        Assert.Null(state.Registered);
        streams.Handle(decider, new ConfigurationRead(DataCenter, Rules, []), Cause(2));
        streams.When(new ConfigurationRead(DataCenter, Rules, []), decider, Cause(3)).ThenNothing(WhyNothing.Unchanged);
        var again = streams.When(new ConfigurationRead(DataCenter, Rules, [Registered()]), decider, Cause(4));
        Assert.IsType<ServiceRegistered>(Assert.Single(again.Of(ServiceStream)));
    }

    [Fact]
    public void Services_that_are_told_one_by_one_withdraw_none_of_the_others()
    {
        var decider = new RegistrationDecider();
        var streams = new InMemoryStreams(_ => null);
        streams.Handle(decider, new ConfigurationRead(DataCenter, Rules, [], ["bank", "shop"]), Cause(1));
        streams.Handle(decider, new ServiceRead(Registered() with { Service = "bank" }), Cause(2));
        streams.Handle(decider, new ServiceRead(Registered()), Cause(3));
        streams.When(new ServiceRead(Registered()), decider, Cause(4)).ThenNothing(WhyNothing.Unchanged);
        streams.When(new ConfigurationRead(DataCenter, Rules, [], ["shop", "bank"]), decider, Cause(5)).ThenNothing(WhyNothing.Unchanged);
        var withdrawn = streams.When(new ConfigurationRead(DataCenter, Rules, [], ["shop"]), decider, Cause(6));
        Assert.Equal("bank", Assert.IsType<ServiceWithdrawn>(Assert.Single(withdrawn.Of("service-bank"))).Service);
        Assert.Empty(withdrawn.Of(ServiceStream));
    }

    private static InMemoryStreams Known() => Given.Stream(DataCenterStream, Events());

    private static IDomainEvent[] Events() =>
    [
        new MachineJoined(DataCenter, "app-1", Agent, MachineRole.Production, Have(1, 1024), "process", true),
        new MachineJoined(DataCenter, "sandbox-1", Agent, MachineRole.Sandbox, Have(1, 1024), "process", true),
        new VmPlaced(DataCenter, "shop-app", "shop", "application", "app-1", false, Have(0.5), Agent, StartedBy),
    ];

    private static Inventory InventoryOf(IEnumerable<IDomainEvent> events) => Given.Events<Inventory>(events);

    private static MachineAnnounced Announced(string machine, string agent) => new(
        DataCenter,
        agent,
        machine,
        machine == "sandbox-1" ? MachineRole.Sandbox : MachineRole.Production,
        Have(1, 1024),
        "process",
        true);

    private static VmStarted Started(string vm, string agent, string machine) =>
        new(Request, DataCenter, agent, machine, vm, "shop", "application", false, Have(0.5), StartedBy);
}
