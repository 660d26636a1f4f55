using System.Text.Json;
using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.Bus;

/// <summary>
/// What was answered to which request: a command that is delivered again, also after a restart, is answered with the same words, and
/// nothing is done again. A line a request, appended; the newest are kept. The agent's own notes of what runs tell the rest: a command
/// that was carried out, and whose answer could not be noted, finds it done.
/// </summary>
internal sealed class AnswerBook(AgentSettings settings)
{
    private const int Kept = 1000;
    private readonly string file = Path.Combine(settings.StateFolder, "answers.jsonl");
    private readonly Lock gate = new();
    private readonly Dictionary<(string Command, Guid Request), Line> lines = [];
    private readonly Queue<(string Command, Guid Request)> order = [];
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
            Add(new Line(key.Command, key.Request, Wire.NameOf(answer.GetType()), body));
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

    private static (string Command, Guid Request) KeyOf(IAnsweredCommand command) =>
        (Wire.NameOf(command.GetType()), command.RequestId);

    private void Write((string Command, Guid Request) newest)
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
        if (!lines.ContainsKey((line.Command, line.Request)))
            order.Enqueue((line.Command, line.Request));
        lines[(line.Command, line.Request)] = line;
        while (order.Count > Kept)
            lines.Remove(order.Dequeue());
    }

    private sealed record Line(string Command, Guid Request, string Answer, JsonElement Body);
}
