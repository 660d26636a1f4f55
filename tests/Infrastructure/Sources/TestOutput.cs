using Xunit.Abstractions;
using Xunit.Sdk;

namespace JustRunIt.Infrastructure.Sources;

/// <summary>
/// Lines about the whole test run, such as which servers it uses. They are shown while it runs, as messages of a diagnosis, once a
/// fixture has handed over the sink that it was given; until then they are kept.
/// </summary>
public static class TestOutput
{
    private static readonly Lock Gate = new();
    private static readonly List<string> Waiting = [];
    private static IMessageSink? sink;

    /// <summary>Where lines go from now on, those that were kept included.</summary>
    public static void ShowAt(IMessageSink? messages)
    {
        if (messages is null)
            return;
        List<string> lines;
        lock (Gate)
        {
            sink = messages;
            lines = [.. Waiting];
            Waiting.Clear();
        }

        lines.ForEach(Say);
    }

    /// <summary>Shows a line.</summary>
    public static void Say(string line)
    {
        IMessageSink? messages;
        lock (Gate)
        {
            messages = sink;
            if (messages is null)
                Waiting.Add(line);
        }

        messages?.OnMessage(new DiagnosticMessage(line));
    }
}
