using CsCheck;
using JustRunIt.ProxyNode.Tests.Conversations;
using JustRunIt.ProxyNode.Tests.Conversations.Models;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// Whatever both sides legally say, in whatever order and pieces, and wherever it breaks off: relay, record and shadow hear the requests
/// and replies that were said.
/// </summary>
public sealed class DialogueModelTests
{
    private const int Conversations = 2_000;

    public static TheoryData<string> Models { get; } = new("http", "ajp13", "mysql", "mysql, without EOF packets", "postgresql");

    [Theory]
    [MemberData(nameof(Models))]
    public void What_is_legal_is_heard_as_it_was_said(string name) => Hold(name, (model, heard, _) =>
    {
        Assert.True(heard.Refused is null, $"{heard.Refused} is refused: {heard.Reason}");
        Assert.Equal(model.Begun, Count(heard, "request ", " begins at "));
        Assert.Equal(model.Replies, Count(heard, "reply ends at "));
        Assert.Equal(Bytes(model, Speaker.Client), heard.SentOn.Client);
        // A greeting is sent on with less than it offers.
        Assert.Equal(Bytes(model, Speaker.Server).Length, heard.SentOn.Server.Length);
    });

    [Theory]
    [MemberData(nameof(Models))]
    public void Wherever_a_connection_breaks_off_what_came_before_was_heard(string name) => Hold(name, (model, heard, any) =>
    {
        var left = (int)(any.Cut * model.Parts.Sum(part => part.Bytes.Length));
        var parts = new List<Said>();
        foreach (var part in model.Parts)
        {
            parts.Add(part with { Bytes = part.Bytes[..Math.Min(left, part.Bytes.Length)] });
            left -= parts[^1].Bytes.Length;
        }

        var broken = Hear(name, parts, any.Pieces);
        Assert.Null(broken.Refused);
        Assert.Equal(heard.Events.Take(broken.Events.Count), broken.Events);
    });

    private static void Hold(string name, Action<DialogueModel, Hearing, (int[] Choices, int[] Pieces, double Cut)> holds) =>
        DialogueModel.Any.Sample(
            any =>
            {
                var model = Open(name).Speak(any.Choices);
                holds(model, Hear(name, model.Parts, any.Pieces), any);
            },
            iter: Conversations,
            threads: 1);

    private static DialogueModel Open(string name) => name switch
    {
        "http" => new HttpModel(),
        "ajp13" => new AjpModel(),
        "mysql" => new MySqlModel(deprecateEof: false),
        "mysql, without EOF packets" => new MySqlModel(deprecateEof: true),
        _ => new PostgreSqlModel(),
    };

    private static Hearing Hear(string name, IReadOnlyList<Said> parts, int[] pieces)
    {
        var next = 0;
        return Hearing.Of(name.Split(',')[0], parts, () => pieces[next++ % pieces.Length]);
    }

    private static int Count(Hearing heard, string begin, string within = "") => heard.Events.Count(happened =>
        happened.StartsWith(begin, StringComparison.Ordinal) && happened.Contains(within, StringComparison.Ordinal));

    private static byte[] Bytes(DialogueModel model, Speaker by) =>
        [.. model.Parts.Where(part => part.By == by).SelectMany(part => part.Bytes)];
}
