using JustRunIt.Events.Authority;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Tests;

/// <summary>Who may say what.</summary>
public sealed class RolesTests
{
    private static readonly string MatrixStream = Streams.Matrix(Guid.Parse("11111111-1111-1111-1111-111111111111"));
    private static readonly string DataCenterStream = Streams.DataCenter("dc");
    private static readonly Allocation Half = Allocation.Of(CpuShare.FromPercent(50));

    private static readonly Speaker Relay = new(Roles.Of(Roles.Relay), null);
    private static readonly Speaker Operator = new(Roles.Of(Roles.Operator), null);
    private static readonly Speaker Agent = new(Roles.Of(Catalog.HostAgent), "host-1");

    [Fact]
    public void Every_message_of_the_catalogue_has_its_speakers()
    {
        foreach (var entry in Catalog.Entries)
        {
            var speakers = Roles.All.Where(role => role.States.Contains(entry.Message)).Select(role => role.Name).ToList();
            Assert.True(speakers.Count > 0, $"nobody may say {Wire.NameOf(entry.Message)}");
            var expected = Catalog.HostAgent == entry.Producer || Catalog.ProxyNode == entry.Producer ? entry.Producer
                : entry.Message == typeof(WindowRefused) ? Catalog.Monitor
                : entry.Producer != Catalog.Outsider ? Roles.Relay
                : entry.Message == typeof(ExternalWindowReported) ? Roles.OutsideMonitor : Roles.Operator;
            Assert.Contains(expected, speakers);
        }
    }

    [Fact]
    public void Only_its_owner_appends_an_event_and_only_the_relay_says_it()
    {
        foreach (var entry in Catalog.Entries.Where(entry => entry.Message.IsAssignableTo(typeof(IDomainEvent))))
        {
            Assert.Equal(entry.Producer, Assert.Single(Roles.All, role => role.Appends.Contains(entry.Message)).Name);
            Assert.Equal(Roles.Relay, Assert.Single(Roles.All, role => role.States.Contains(entry.Message)).Name);
        }
    }

    [Fact]
    public void The_Monitor_itself_tells_a_node_what_does_not_count_and_no_service_says_anything_else()
    {
        Assert.Equal([Catalog.Monitor], SpeakersOf<WindowRefused>());
        Assert.Equal([typeof(WindowRefused)], Roles.OfServices.SelectMany(role => role.States));
    }

    [Fact]
    public void Whatever_somebody_with_a_name_says_tells_for_whom() => Assert.All(
        Roles.All.Where(role => role.IsNamed).SelectMany(role => role.States)
            .Where(message => message != typeof(ReceiveVm) && message != typeof(HostsAsked)),
        message => Assert.Contains(message, Speaker.SayForWhom));

    [Fact]
    public void Only_an_operator_starts_servers_and_only_a_service_moves_them()
    {
        Assert.Equal([Roles.Operator], SpeakersOf<StartVm>());
        Assert.Equal([Roles.Relay], SpeakersOf<MigrateVm>());
        Assert.Equal([Roles.Relay], SpeakersOf<StartReplay>());
        Assert.Equal([Catalog.HostAgent], SpeakersOf<VmMigrated>());
    }

    [Fact]
    public void An_agent_speaks_for_itself()
    {
        Assert.Null(Agent.WhyNot(new VmExited("host-1", "vm", null, "ended")));
        Assert.Equal(
            "host-agent.host-1 speaks for 'host-2'; allowed is host-1", Agent.WhyNot(new VmExited("host-2", "vm", null, "ended")));
        Assert.Equal(
            "host-agent.host-1 may not state justrunit.set-allocation.v2",
            Agent.WhyNot(new SetAllocation(DataCenterStream, Guid.NewGuid(), "host-1", "vm", Half)));
    }

    [Fact]
    public void For_which_stream_a_command_is_given_says_which_service_gives_it()
    {
        var move = new MigrateVm(DataCenterStream, Guid.NewGuid(), "host-1", "vm", "a", "b");
        Assert.Null(Relay.WhyNot(move));
        Assert.NotNull(Relay.WhyNot(move with { Subject = MatrixStream }));
        Assert.NotNull(Relay.WhyNot(move with { Subject = "by hand" }));
        var allocation = new SetAllocation("by hand", Guid.NewGuid(), "host-1", "vm", Half);
        Assert.Null(Operator.WhyNot(allocation));
        Assert.NotNull(Operator.WhyNot(allocation with { Subject = MatrixStream }));
        Assert.NotNull(Operator.WhyNot(allocation with { Subject = DataCenterStream }));
        Assert.Null(Relay.WhyNot(allocation with { Subject = MatrixStream }));
    }

    [Theory]
    [InlineData("monitor", "monitor", null)]
    [InlineData("host-agent.host-1", "host-agent", "host-1")]
    [InlineData("host-agent.a.b", "host-agent", "a.b")]
    public void Users_are_called_after_their_roles(string text, string role, string? name)
    {
        var speaker = Speaker.Parse(text)!;
        Assert.Equal((role, name, text), (speaker.Role.Name, speaker.Name, speaker.ToString()));
    }

    [Theory]
    [InlineData("host-agent")]
    [InlineData("host-agent.")]
    [InlineData("monitor.one")]
    [InlineData("guest")]
    [InlineData("")]
    public void Others_have_no_role(string text) => Assert.Null(Speaker.Parse(text));

    private static IEnumerable<string> SpeakersOf<TMessage>() =>
        Roles.All.Where(role => role.States.Contains(typeof(TMessage))).Select(role => role.Name);
}
