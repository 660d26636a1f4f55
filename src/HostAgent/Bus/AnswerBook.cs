using System.Text.Json;
using System.Text.Json.Serialization;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Files;
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
    public IReport? Find(IAgentCommand command)
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
    public void Note(IAgentCommand command, IReport answer)
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

    private static Key KeyOf(IAgentCommand command) => new(
        Wire.NameOf(command.GetType()),
        command switch
        {
            IAnsweredCommand answered => answered.RequestId,
            SettleVm settle => settle.RequestId,
            _ => throw new ArgumentException($"{command.GetType().Name} is not answered.", nameof(command)),
        },
        SubjectOf(command));

    /// <summary>For whom a command is given; null where it does not say.</summary>
    public static string? SubjectOf(IAgentCommand command) => command switch
    {
        SettleVm settle => settle.Subject,
        SetAllocation allocation => allocation.Subject,
        MigrateVm migration => migration.Subject,
        CloneVm clone => clone.Subject,
        DestroyClone clone => clone.Subject,
        _ => null,
    };

    private void Write(Key newest)
    {
        // Until all of it is written, the next one would go on with a line that may be cut off.
        var before = appended;
        appended = Kept;
        if (before + 1 < Kept)
        {
            File.AppendAllText(file, JsonSerializer.Serialize(lines[newest], Wire.Json) + "\n");
            appended = before + 1;
            return;
        }

        WholeFile.Write(file, string.Concat(order.Select(key => JsonSerializer.Serialize(lines[key], Wire.Json) + "\n")));
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

            if (IsCutOff())
                appended = Kept;
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            // What was answered is not known: what runs is, and what is asked again finds it done.
        }
    }

    /// <summary>Whether its last line has no end: an agent was killed while it wrote it.</summary>
    private bool IsCutOff()
    {
        if (!File.Exists(file))
            return false;
        using var end = File.OpenRead(file);
        if (end.Length == 0)
            return false;
        end.Seek(-1, SeekOrigin.End);
        return end.ReadByte() != '\n';
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
