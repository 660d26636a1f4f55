namespace JustRunIt.ProxyNode.Tests.Conversations;

/// <summary>Writes what real peers say to each other into files of vectors.</summary>
internal sealed class VectorRecorder(string folder)
{
    private static readonly IReadOnlyDictionary<string, Func<VectorRecorder, Task>> Scripts = new Dictionary<string, Func<VectorRecorder, Task>>
    {
        ["ajp13"] = AjpRecording.RecordAsync,
    };

    /// <summary>Records every protocol, or one.</summary>
    public static async Task RunAsync(string folder, string? protocol)
    {
        foreach (var (name, script) in Scripts)
        {
            if (protocol is null || protocol == name)
                await script(new VectorRecorder(folder));
        }
    }

    /// <summary>Writes each connection that was listened to into a file of its own.</summary>
    public void Add(string protocol, string name, string peers, Eavesdropper between)
    {
        var conversations = between.Heard;
        for (var i = 0; i < conversations.Count; i++)
        {
            var file = Path.Combine(folder, protocol, conversations.Count == 1 ? $"{name}.txt" : $"{name}-{i + 1}.txt");
            new Conversation(name, protocol, conversations[i]).Write(file, $"Recorded between {peers}.");
            Console.Error.WriteLine($"{file}: {conversations[i].Sum(part => part.Bytes.Length)} bytes");
        }
    }
}
