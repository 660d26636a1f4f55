using System.Text.Json.Nodes;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Resources;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>Names are data: one grammar, for every name of every message, and an answer to whatever is refused for it.</summary>
public sealed class NamingTests
{
    public static TheoryData<string> Hostile =>
    [
        "", ".", "..", "../../x", "/etc/passwd", "a/b", "-rf", "--help", ".hidden", "_x", "a b", "a\nb", "a\r\nb", "a;b", "a\"b", "a'b",
        "a\0b", "a,b", "a=b", "a:b", "$(id)", "`id`", "a|b", "a&b", "a*", "a%b", "ａ", "shор", "a\u202eb", "é", new string('a', 64),
    ];

    public static TheoryData<Type> AnsweredCommands => [.. Refusals.Commands];

    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("shop-1")]
    [InlineData("Shop_1.example.org")]
    [InlineData("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")]
    public void A_name_is_letters_digits_hyphens_underscores_and_dots(string text)
    {
        Assert.True(Name.TryParse(text, out var name));
        Assert.Equal(text, name.ToString());
        Assert.Matches(Name.Pattern, text);
    }

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Anything_else_is_refused_in_one_line_with_field_value_and_what_is_allowed(string text)
    {
        Assert.False(Name.TryParse(text, out _));
        Assert.DoesNotMatch(Name.Pattern, text);
        var problem = Name.Problem("vm", text)!;
        Assert.StartsWith("vm: '", problem);
        Assert.EndsWith($"allowed is {Name.Allowed}", problem);
        Assert.DoesNotContain(problem, c => char.IsControl(c) || c == '\u202e');
        Assert.InRange(problem.Length, 1, 250);
    }

    [Fact]
    public void A_name_that_is_made_of_another_is_never_too_long()
    {
        Assert.Equal("shop-clone-12345678", Name.Of("shop", "-clone-12345678"));
        var made = Name.Of(new string('a', 63), "-clone-12345678");
        Assert.True(Name.IsValid(made));
        Assert.EndsWith("-clone-12345678", made);
    }

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Each_name_of_a_message_is_looked_at_also_those_inside(string text)
    {
        var start = new StartVm(
            MatrixId, Agent, "app-1", "shop", "shop", "application", false, Program, Have(0.5));
        Assert.Null(MessageNames.Problem(start));
        Assert.StartsWith("agent: ", MessageNames.Problem(start with { Agent = text }));
        Assert.StartsWith("machine: ", MessageNames.Problem(start with { Machine = text }));
        Assert.StartsWith("vm: ", MessageNames.Problem(start with { Vm = text }));
        Assert.StartsWith("service: ", MessageNames.Problem(start with { Service = text }));
        Assert.StartsWith("tier: ", MessageNames.Problem(start with { Tier = text }));
        var reported = new HostReported(
            MatrixId, DataCenter, Agent, "process", true, [], [new HostVm("shop", text, Have(0.5), "127.0.0.1:80", null, null)]);
        Assert.StartsWith("vms[0].machine: ", MessageNames.Problem(reported));
    }

    /// <summary>A new field of a command that is called like a name is one, or says here why it is none.</summary>
    [Fact]
    public void What_is_called_a_name_in_a_command_or_report_is_one()
    {
        string[] names =
        [
            "Agent", "Machine", "Vm", "Service", "Tier", "DataCenter", "ProxyNode", "CloneName", "SandboxMachine", "ToAgent", "Monitor",
        ];
        // Answers repeat what they refuse.
        Type[] answers =
        [
            typeof(VmStartFailed), typeof(VmCloneFailed), typeof(AllocationRefused), typeof(VmMigrationFailed), typeof(CloneDestroyed),
            typeof(ReplayStopped), typeof(VmSettled),
        ];
        // Processes that nobody knows are called as their control group is, which whoever made it has chosen.
        string[] ofTheKernel = [$"{nameof(VmQuarantined)}.{nameof(VmQuarantined.Vm)}", $"{nameof(SettleVm)}.{nameof(SettleVm.Vm)}"];
        var unmarked =
            from type in Wire.Types
            where (type.IsAssignableTo(typeof(ICommand)) || type.IsAssignableTo(typeof(IReport))) && !answers.Contains(type)
            where type != typeof(Settings.ConfigurationRead) && type != typeof(Settings.ServiceRead)
            from parameter in type.GetConstructors().SelectMany(constructor => constructor.GetParameters())
            where names.Contains(parameter.Name) && !parameter.IsDefined(typeof(NamedAttribute), false)
            select $"{type.Name}.{parameter.Name}";
        Assert.Empty(unmarked.Except(ofTheKernel));
    }

    [Fact]
    public void The_schema_of_a_message_says_what_a_name_is()
    {
        var schema = Schemas.Of(typeof(StartVm));
        Assert.Equal(Name.Pattern, (string?)schema["properties"]!["vm"]!["pattern"]);
        Assert.Null(schema["properties"]!["program"]!["properties"]!["listen"]!["pattern"]);
    }

    [Fact]
    public void Every_command_that_is_answered_has_a_refusal_but_for_those_that_a_stream_answers() => Assert.Equal(
        [nameof(ForgetMachine)],
        Wire.Types
            .Where(type => type.IsAssignableTo(typeof(IAnsweredCommand)) && !Refusals.Commands.Contains(type))
            .Select(type => type.Name));

    [Theory]
    [MemberData(nameof(AnsweredCommands))]
    public void A_command_that_cannot_be_read_is_answered_by_what_its_body_or_its_headers_say(Type command)
    {
        var reason = "the command cannot be read";
        Assert.Null(Refusals.Of(command, null, null, Agent, reason, Noon));
        Assert.Null(Refusals.Of(command, JsonNode.Parse("[1]"), null, Agent, reason, Noon));
        var byHeaders = Refusals.Of(command, JsonNode.Parse("{\"requestId\":7}"), CorrelationId, Agent, reason, Noon)!;
        Assert.Equal(CorrelationId, IdOf(byHeaders));
        var body = JsonNode.Parse($"{{\"RequestId\":\"{MatrixId}\",\"subject\":\"matrix-1\",\"vm\":{{}}}}");
        var byBody = Refusals.Of(command, body, CorrelationId, Agent, reason, Noon)!;
        Assert.Equal(MatrixId, IdOf(byBody));
        Assert.Null(MessageNames.Problem(byBody));
    }

    [Fact]
    public void An_answer_repeats_a_hostile_name_on_one_line_and_is_no_hostile_message_itself()
    {
        var refused = (VmCloneFailed)Refusals.Of(
            new CloneVm("matrix-1", MatrixId, Agent, "shop", "a\nb", "sandbox-1", null, Noon), Agent, "no", Noon)!;
        Assert.Equal("a\\u000ab", refused.CloneName);
        Assert.Null(MessageNames.Problem(refused));
    }

    private static VmProgram Program { get; } =
        new("/bin/true", [], new Dictionary<string, string>(), "/", "127.0.0.1:80", null, null);

    private static Guid IdOf(IReport answer) => (Guid)answer.GetType().GetProperty("RequestId")!.GetValue(answer)!;
}
