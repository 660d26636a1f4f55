using System.Text.Json;
using System.Text.Json.Serialization;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.Bus;

/// <summary>
/// What was answered to which request: a command that is delivered again, also after a restart, is answered with the same words, and
/// nothing is done again. A line a request, appended; the newest are kept. The agent's own notes of what runs tell the rest: a command
/// that was carried out, and whose answer could not be noted, finds it done. An answer is that of whoever asked, too: ids of requests can
/// be computed, and what somebody else was refused with one says nothing of the command that bears it.
/// </summary>
internal sealed class AnswerBook(AgentSettings settings)
{
    private const int Kept = 1000;
    private readonly string file = Path.Combine(settings.StateFolder, "answers.jsonl");
    private readonly Lock gate = new();
    private readonly Dictionary<Key, Line> lines = [];
    private readonly Queue<Key> order = [];
    private bool isRead;
    private int appended;

    /// <summary>The answer to a command that was answered; null for one that was not.</summary>
    public IReport? Find(IAnsweredCommand command)
    {
        lock (gate)
        {
            Read();
            return lines.TryGetValue(KeyOf(command), out var line) && Wire.TypeOf(line.Answer) is { } type
                ? line.Body.Deserialize(type, Wire.Json) as IReport
                : null;
        }
    }

    /// <summary>Notes an answer before it is given.</summary>
    public void Note(IAnsweredCommand command, IReport answer)
    {
        var key = KeyOf(command);
        var body = JsonSerializer.SerializeToElement(answer, answer.GetType(), Wire.Json);
        lock (gate)
        {
            Read();
            Add(new Line(key.Command, key.Request, Wire.NameOf(answer.GetType()), body) { Subject = key.Subject });
            try
            {
                Write(key);
            }
            catch (Exception e) when (HostException.IsOfTheSystem(e))
            {
                // A full disk keeps nobody from being answered.
            }
        }
    }

    private static Key KeyOf(IAnsweredCommand command) =>
        new(Wire.NameOf(command.GetType()), command.RequestId, SubjectOf(command));

    /// <summary>For whom a command is given; null where it does not say.</summary>
    public static string? SubjectOf(IAnsweredCommand command) => command switch
    {
        SetAllocation allocation => allocation.Subject,
        MigrateVm migration => migration.Subject,
        CloneVm clone => clone.Subject,
        DestroyClone clone => clone.Subject,
        _ => null,
    };

    private void Write(Key newest)
    {
        if (++appended < Kept)
        {
            File.AppendAllText(file, JsonSerializer.Serialize(lines[newest], Wire.Json) + "\n");
            return;
        }

        var next = file + ".next";
        File.WriteAllLines(next, order.Select(key => JsonSerializer.Serialize(lines[key], Wire.Json)));
        File.Move(next, file, overwrite: true);
        appended = 0;
    }

    private void Read()
    {
        if (isRead)
            return;
        isRead = true;
        try
        {
            foreach (var text in File.Exists(file) ? File.ReadLines(file) : [])
            {
                if (Parse(text) is { } line)
                    Add(line);
                appended++;
            }
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            // What was answered is not known: what runs is, and what is asked again finds it done.
        }
    }

    /// <summary>A line; null for one that was cut off.</summary>
    private static Line? Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<Line>(text, Wire.Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void Add(Line line)
    {
        var key = line.Key;
        if (!lines.ContainsKey(key))
            order.Enqueue(key);
        lines[key] = line;
        while (order.Count > Kept)
            lines.Remove(order.Dequeue());
    }

    private readonly record struct Key(string Command, Guid Request, string? Subject);

    private sealed record Line(string Command, Guid Request, string Answer, JsonElement Body)
    {
        /// <summary>For whom it was; null also in lines of earlier versions, which answer nobody's command but one without.</summary>
        public string? Subject { get; init; }

        [JsonIgnore]
        public Key Key => new(Command, Request, Subject);
    }
}
