using System.Buffers.Binary;
using JustRunIt.ProxyNode.PostgreSql;

namespace JustRunIt.ProxyNode.Tests.Conversations.Models;

/// <summary>
/// PostgreSQL's protocol 3 after a start-up: simple and extended queries, pipelined; COPY from the client, which the client, or the
/// server at any moment, may give up; notices, notifications and parameters between any two messages.
/// </summary>
internal sealed class PostgreSqlModel : DialogueModel
{
    private const int MostPipelined = 3;
    private readonly Queue<Asked> unanswered = new();
    private Copy copy;
    private bool hasLeft;

    public PostgreSqlModel()
    {
        byte[] parameters = [0, 3, 0, 0, .. "user\0shop\0\0"u8];
        var startup = new byte[4 + parameters.Length];
        BinaryPrimitives.WriteInt32BigEndian(startup, startup.Length);
        parameters.CopyTo(startup, 4);
        Client(startup);
        Server(PgMessage.Frame('R', [0, 0, 0, 0]));
        Server(PgMessage.Frame('S', "server_version\015.5\0"u8));
        Server(PgMessage.Frame('K', [0, 0, 0, 9, 1, 2, 3, 4]));
        Server(PgMessage.Ready);
    }

    private enum Asked
    {
        Simple,
        Extended,
        CopyIn,
        CopyData,
    }

    private enum Copy
    {
        None,
        Offered,
        Sending,
        Refused,
        RefusedWithin,
    }

    protected override IEnumerable<Action<int>> Moves()
    {
        if (hasLeft && unanswered.Count == 0)
            yield break;
        yield return choice => Server(choice % 3 == 0
            ? PgMessage.Frame('N', "SNOTICE\0C00000\0Mx\0\0"u8)
            : choice % 3 == 1 ? PgMessage.Frame('A', "\0\0\0\u0009news\0\0"u8) : PgMessage.Frame('S', "TimeZone\0UTC\0"u8));
        if (copy != Copy.None)
        {
            yield return _ => Data();
            yield return choice => EndData(choice % 2 == 0 ? 'c' : 'f');
            if (copy is Copy.Offered or Copy.Sending)
                yield return _ => RefuseCopy();
        }
        else if (unanswered.Count < MostPipelined && !hasLeft && !unanswered.Contains(Asked.CopyIn) && !unanswered.Contains(Asked.CopyData))
        {
            yield return _ => Ask(Asked.Simple, PgMessage.Frame('Q', "SELECT 1\0"u8));
            yield return choice => Ask(Asked.Extended, Extended(choice));
            if (unanswered.Count == 0)
                yield return _ => Ask(Asked.CopyIn, PgMessage.Frame('Q', "COPY items FROM STDIN\0"u8));
            yield return _ =>
            {
                Client(PgMessage.Frame('X', []));
                hasLeft = true;
                Begun++;
            };
        }

        if (copy != Copy.None || !unanswered.TryPeek(out var asked))
            yield break;
        yield return choice => Answer(asked, choice);
        yield return _ => Fail();
    }

    private static byte[] Extended(int choice) =>
    [
        .. PgMessage.Frame('P', "\0SELECT $1\0\0\0"u8), .. PgMessage.Frame('B', "\0\0\0\0\0\0\0\0"u8),
        .. choice % 2 == 0 ? PgMessage.Frame('D', "P\0"u8) : [], .. PgMessage.Frame('E', "\0\0\0\0\0"u8), .. PgMessage.Frame('S', []),
    ];

    private void Ask(Asked asked, byte[] bytes)
    {
        Client(bytes);
        unanswered.Enqueue(asked);
        Begun++;
    }

    private void Answer(Asked asked, int choice)
    {
        if (asked == Asked.CopyIn)
        {
            // The server begins to take data, which is a request of its own.
            Server(PgMessage.Frame('G', [0, 0, 1, 0, 0]));
            copy = Copy.Offered;
            unanswered.Dequeue();
            Replies++;
            return;
        }

        if (asked == Asked.Extended)
            Server([.. PgMessage.Frame('1', []), .. PgMessage.Frame('2', [])]);
        if (asked != Asked.CopyData && choice % 2 == 0)
        {
            Server(PgMessage.Frame('T', [0, 1, .. "c\0"u8, .. new byte[18]]));
            for (var i = 0; i < choice % 4; i++)
                Server(PgMessage.Frame('D', [0, 1, 0, 0, 0, 1, (byte)'x']));
        }

        Server(PgMessage.Frame('C', "SELECT 1\0"u8));
        End();
    }

    private void Fail()
    {
        Server(PgMessage.Error(fatal: false, "42601", "no"));
        End();
    }

    private void End()
    {
        Server(PgMessage.Ready);
        unanswered.Dequeue();
        Replies++;
    }

    private void Data()
    {
        Client(PgMessage.Frame('d', "1\tshoe\n"u8));
        BeginData();
    }

    private void BeginData()
    {
        if (copy is Copy.Offered or Copy.Refused)
            Begun++;
        copy = copy switch
        {
            Copy.Offered => Copy.Sending,
            Copy.Refused => Copy.RefusedWithin,
            _ => copy,
        };
    }

    private void EndData(char type)
    {
        Client(PgMessage.Frame(type, type == 'f' ? "no more\0"u8 : []));
        BeginData();
        if (copy == Copy.Sending)
            unanswered.Enqueue(Asked.CopyData);
        copy = Copy.None;
    }

    /// <summary>The server gives the copy up: what the client still sends is dropped.</summary>
    private void RefuseCopy()
    {
        Server(PgMessage.Error(fatal: false, "22P02", "no number"));
        Server(PgMessage.Ready);
        Replies += copy == Copy.Sending ? 1 : 0;
        copy = copy == Copy.Sending ? Copy.RefusedWithin : Copy.Refused;
    }
}
