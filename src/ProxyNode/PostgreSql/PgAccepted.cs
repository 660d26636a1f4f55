using System.Text;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// What a clone's own session asks for that needs no server, such as the settings that a driver makes on a new connection, or the end of a
/// transaction after something that was not on record: it is accepted where the on-line server's connections did not ask for it.
/// </summary>
internal static class PgAccepted
{
    /// <summary>The reply that a server gives; null where not all of a request is so.</summary>
    /// <param name="request">Whole messages.</param>
    /// <param name="status">Of the transaction, as the client was told last.</param>
    /// <param name="escapes">See <see cref="PgLexer"/>.</param>
    public static byte[]? ReplyTo(ReadOnlySpan<byte> request, byte status, bool escapes)
    {
        using var reply = new MemoryStream();
        string[] tags = [];
        while (request.Length >= PgMessage.HeaderLength)
        {
            var message = PgMessage.Next(ref request);
            var (type, at) = ((char)message[0], 0);
            var body = message[PgMessage.HeaderLength..];
            if (type is 'Q' or 'P')
            {
                if (type == 'P')
                    PgMessage.ReadText(body, ref at);
                if (TagsOf(PgMessage.ReadText(body, ref at), escapes, ref status) is not { } known)
                    return null;
                tags = known;
            }

            switch (type)
            {
                case 'P':
                    reply.Write(PgMessage.Frame('1', []));
                    break;
                case 'B' when tags.Length == 1:
                    reply.Write(PgMessage.Frame('2', []));
                    break;
                case 'D' when body is [(byte)'S', ..]:
                    reply.Write(PgMessage.Frame('t', [0, 0]));
                    reply.Write(PgMessage.Frame('n', []));
                    break;
                case 'D':
                    reply.Write(PgMessage.Frame('n', []));
                    break;
                case 'Q' or 'E' when tags.Length > 0:
                    foreach (var tag in tags)
                        reply.Write(PgMessage.Frame('C', Encoding.ASCII.GetBytes(tag + "\0")));
                    break;
                case 'S' or 'H':
                    break;
                default:
                    return null;
            }

            if (type is 'Q' or 'S')
                reply.Write(PgMessage.Frame('Z', [status]));
        }

        return tags.Length == 0 ? null : reply.ToArray();
    }

    /// <summary>What a server says when it has done each statement of a text; null where one of them is another.</summary>
    private static string[]? TagsOf(string sql, bool escapes, ref byte status)
    {
        var tags = new List<string>();
        foreach (var statement in PgSql.Split(sql, escapes))
        {
            var tag = TagOf(statement, ref status);
            if (tag.Length == 0)
                return null;
            tags.Add(tag);
        }

        return tags.Count == 0 ? null : [.. tags];
    }

    private static string TagOf(PgSql statement, ref byte status)
    {
        var command = PgEffects.Of(statement, []);
        var isFailed = status == 'E';
        // A transaction that has failed only ends.
        if (isFailed && command.Step is not (PgStep.Commits or PgStep.RollsBack or PgStep.Returns))
            return "";
        switch (command.Step)
        {
            case PgStep.Begins:
                status = (byte)'T';
                return statement.Is(0, "start") ? "START TRANSACTION" : "BEGIN";
            case PgStep.Commits or PgStep.RollsBack when !command.Chains && !statement.Is(0, "prepare"):
                status = (byte)'I';
                return isFailed || command.Step == PgStep.RollsBack ? "ROLLBACK" : "COMMIT";
            case PgStep.Returns:
                status = (byte)(status == 'I' ? 'I' : 'T');
                return "ROLLBACK";
            case PgStep.Saves:
                return "SAVEPOINT";
            case PgStep.Releases:
                return "RELEASE";
        }

        return statement.NameAt(0) switch
        {
            "set" => "SET",
            "reset" => "RESET",
            "listen" => "LISTEN",
            "unlisten" => "UNLISTEN",
            "discard" when statement.Is(1, "all") => "DISCARD ALL",
            "deallocate" when statement.Is(statement.Count - 1, "all") => "DEALLOCATE ALL",
            "close" when statement.Is(1, "all") => "CLOSE CURSOR ALL",
            _ => "",
        };
    }
}
