using System.CommandLine;

namespace JustRunIt.ProxyNode.Tests.Conversations;

/// <summary>Writes what real peers say to each other into files of vectors.</summary>
internal sealed class VectorRecorder(string folder)
{
    private static readonly IReadOnlyDictionary<string,
    Func<VectorRecorder, Task>> Scripts = new Dictionary<string, Func<VectorRecorder, Task>>
    {
        ["http"] = HttpRecording.RecordAsync,
        ["ajp13"] = AjpRecording.RecordAsync,
        ["mysql"] = MySqlRecording.RecordAsync,
        ["postgresql"] = PostgreSqlRecording.RecordAsync,
    };

    /// <summary><c>record FOLDER [PROTOCOL]</c>.</summary>
    public static Command Command
    {
        get
        {
            var folder = new Argument<string>("folder") { Description = "where a folder a protocol is written" };
            var protocol = new Argument<string?>("protocol")
            { Description = string.Join(", ", Scripts.Keys), Arity = ArgumentArity.ZeroOrOne };
            var command = new Command("record", "Records vectors between the real peers that are installed") { folder, protocol };
            command.SetAction(async parsed =>
            {
                foreach (var (name, script) in Scripts)
                {
                    if (parsed.GetValue(protocol) is not { } only || only == name)
                        await script(new VectorRecorder(Path.GetFullPath(parsed.GetValue(folder)!)));
                }
            });
            return command;
        }
    }

    /// <summary>Writes the first parts of the longest connection.</summary>
    public void AddStart(string protocol, string name, string peers, Eavesdropper between, int parts)
    {
        var longest = between.Heard.MaxBy(heard => heard.Count)!;
        new Conversation(name, protocol, [.. longest.Take(parts)]).Write(
            Path.Combine(folder, protocol, $"{name}.txt"), $"Recorded between {peers}; the start.");
    }

    /// <summary>Writes each connection that was listened to into a file of its own.</summary>
    public void Add(string protocol, string name, string peers, Eavesdropper between)
    {
        var conversations = between.Heard;
        for (var i = 0; i < conversations.Count; i++)
        {
            var file = Path.Combine(folder, protocol, conversations.Count == 1 ? $"{name}.txt" : $"{name}-{i + 1}.txt");
            new Conversation(name, protocol, conversations[i]).Write(file, $"Recorded between {peers}.");
            Console.Out.WriteLine($"{file}: {conversations[i].Sum(part => part.Bytes.Length)} bytes");
        }
    }
}
