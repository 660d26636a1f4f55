using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;
using JustRunIt.Events.Proxies;

namespace JustRunIt.Events;

/// <summary>
/// The answer to a command that is not carried out, made of whatever of the command can be read: its sender waits for one, also when
/// the command itself could not be understood.
/// </summary>
public static class Refusals
{
    private static readonly FrozenDictionary<Type, Func<Refused, IReport?>> Answers =
        new Dictionary<Type, Func<Refused, IReport?>>
        {
            [typeof(StartVm)] = of => new VmStartFailed(of.Request, of.By, of.Text("vm"), of.Reason),
            [typeof(CloneVm)] = of => new VmCloneFailed(of.Text("subject"), of.Request, of.By, of.Text("cloneName"), of.Reason),
            [typeof(DestroyClone)] = of => new CloneDestroyed(of.Text("subject"), of.Request, of.By, of.Text("cloneName"), of.Reason),
            [typeof(SetAllocation)] = of =>
                new AllocationRefused(of.Text("subject"), of.Request, of.By, of.Text("vm"), Ended: false, of.Reason),
            [typeof(MigrateVm)] = of => new VmMigrationFailed(of.Text("subject"), of.Request, of.By, of.Text("vm"), of.Reason),
            // While the sender waits to be fetched from, it is the one that answers the command to move.
            [typeof(ReceiveVm)] = of => of.Text("endpoint").Length > 0
                ? null
                : new VmMigrationFailed(of.Text("subject"), of.Request, of.By, of.Text("vm"), of.Reason),
            [typeof(StartReplay)] = of => new ReplayMeasured(
                of.Text("subject"), of.Request, of.By, of.At, of.At, null, null, new MatchCounts(0, 0, 0, 0), 0, of.Reason),
            [typeof(StopReplay)] = of => new ReplayStopped(
                of.Text("subject"), of.Request, of.By, of.Text("service"), of.Text("tier"), of.Reason),
        }.ToFrozenDictionary();

    /// <summary>Commands that this table answers.</summary>
    public static IEnumerable<Type> Commands => Answers.Keys;

    /// <summary>The answer to a command that was read; null where somebody else answers it.</summary>
    /// <param name="command">The command.</param>
    /// <param name="by">Who refuses: a host agent's or a proxy node's name.</param>
    /// <param name="reason">One line.</param>
    /// <param name="at">When (UTC).</param>
    public static IReport? Of(IAnsweredCommand command, string by, string reason, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(command);
        return Of(command.GetType(), JsonSerializer.SerializeToNode(command, command.GetType(), Wire.Json), null, by, reason, at);
    }

    /// <summary>The answer to a command that may not be readable; null where nobody could tell which command it answers.</summary>
    /// <param name="command">Its type.</param>
    /// <param name="body">What it says; null where it is no JSON.</param>
    /// <param name="id">What its headers name it by, for when its body does not.</param>
    /// <param name="by">Who refuses: a host agent's or a proxy node's name.</param>
    /// <param name="reason">One line.</param>
    /// <param name="at">When (UTC).</param>
    public static IReport? Of(Type command, JsonNode? body, Guid? id, string by, string reason, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (!Answers.TryGetValue(command, out var answer))
            return null;
        var fields = body as JsonObject;
        var request = Text(fields, "requestId") is { } text && Guid.TryParse(text, out var named) && named != Guid.Empty ? named : id;
        return request is { } asked ? answer(new Refused(fields, asked, by, reason, at)) : null;
    }

    private static string? Text(JsonObject? fields, string name) =>
        fields?.FirstOrDefault(field => string.Equals(field.Key, name, StringComparison.OrdinalIgnoreCase)).Value is JsonValue value
            && value.TryGetValue<string>(out var text)
            ? text
            : null;

    /// <summary>What there is to answer with. Text of the command's is repeated on one line, and shortened.</summary>
    private sealed record Refused(JsonObject? Fields, Guid Request, string By, string Reason, DateTimeOffset At)
    {
        public string Text(string name) => Name.Shown(Refusals.Text(Fields, name));
    }
}
