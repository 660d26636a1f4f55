using System.Text;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <content>What the session has set, which decides what its statements mean.</content>
internal sealed partial class PgDialogue
{
    private readonly PgSettings settings = new();
    private readonly Queue<(int Request, string Sql)> setting = new();
    private readonly Dictionary<string, string> prepared = [];
    private bool isUndone;
    private bool hasFailed;
    private int begun;
    private int answered;
    private string? context;

    /// <summary>Who asks in which database with which options, and what the session has set since.</summary>
    public override string Context => context ??= WithoutNames(PgMessage.ParametersOf(Startup)) + settings.Context;

    /// <summary>What has no say in what a request means, such as the application's name.</summary>
    private static string WithoutNames(IEnumerable<(string Name, string Value)> parameters) => string.Concat(
        parameters.Where(parameter => parameter.Name != "application_name")
            .OrderBy(parameter => parameter.Name, StringComparer.Ordinal)
            .Select(parameter => $"{parameter.Name}={parameter.Value}\0"));

    /// <summary>Whether a message may set something of the session's.</summary>
    private bool Sets(char type, ReadOnlySpan<byte> body) =>
        type == 'Q' ? PgSettings.MaySet(body) : prepared.Count > 0 && prepared.ContainsKey(NamedIn(body));

    /// <summary>The request that is under way sets something, if it succeeds.</summary>
    private void WillSet(char type, ReadOnlySpan<byte> body) =>
        setting.Enqueue((begun, type == 'Q' ? Encoding.UTF8.GetString(body.TrimEnd((byte)0)) : prepared[NamedIn(body)]));

    /// <summary>The statement that a portal is made of.</summary>
    private static string NamedIn(ReadOnlySpan<byte> body)
    {
        var portal = body.IndexOf((byte)0);
        var statement = body[(portal + 1)..];
        var end = statement.IndexOf((byte)0);
        return portal < 0 || end < 0 ? "\0" : Encoding.UTF8.GetString(statement[..end]);
    }

    /// <summary>A statement that sets something when it is executed.</summary>
    private void Prepare(string name, ReadOnlySpan<byte> body)
    {
        prepared.Remove(name);
        if (!body.IsEmpty && PgSettings.MaySet(body[Math.Min(body.IndexOf((byte)0) + 1, body.Length)..]))
        {
            var at = 0;
            PgMessage.ReadText(body, ref at);
            prepared[name] = PgMessage.ReadText(body, ref at);
        }
    }

    /// <summary>What the request that was answered has set holds from here on.</summary>
    private void Set()
    {
        while (setting.TryPeek(out var next) && next.Request <= answered)
        {
            setting.Dequeue();
            if (!hasFailed)
                settings.Execute(next.Sql);
            context = null;
        }

        if (!settings.AwaitsEnd)
            return;
        settings.Ready(inTransaction, isUndone);
        isUndone = false;
        context = null;
    }
}
