using System.Security.Cryptography;
using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.MySql;

/// <content>How a clone logs in, at first and anew.</content>
internal sealed partial class MySqlMatcher
{
    private const int AccessDenied = 1045;

    private static int connections;

    private MySqlDialogue? clone;
    private Record? logIns;
    private MySqlProof? wanted;
    private bool isChanging;
    private bool isRefused;

    /// <summary>Whether who wants to be somebody else is let in.</summary>
    public override ReadOnlyMemory<byte> Prompt(Dialogue dialogue)
    {
        if (!isChanging || clone?.ChangeAnswer is not { } answer || logIns is null)
            return default;
        isChanging = false;
        var reply = MayEnter(wanted, answer, logIns)
            ? LetIn(wanted!, clone.Sequence)
            : MySqlPacket.ErrorPacket(
                clone.Sequence + 1, AccessDenied, "28000", "Access denied: the on-line server has not logged in like this");
        isRefused = reply[MySqlPacket.HeaderLength] == MySqlPacket.Error;
        for (var (heard, at) = (reply.ToArray(), 0); at < heard.Length;)
        {
            if (clone.FromServer(heard.AsSpan(at), out _) is > 0 and var taken)
                at += taken;
            else
                break;
        }

        return reply;
    }

    /// <summary>Greets as the on-line server does, and lets in whom that one has let in, if he has the same password.</summary>
    public override async Task<bool> GreetAsync(LoopSocket clone, Dialogue dialogue, Record record)
    {
        if (record.Original is not MySqlDialogue { Greeting: { } original })
        {
            var error = MySqlPacket.ErrorPacket(0, NotOnRecord, "HY000", "No connection to the server is on record", withState: false);
            await clone.SendAsync(error).ConfigureAwait(false);
            return false;
        }

        (this.clone, logIns) = ((MySqlDialogue)dialogue, record);
        var greeting = original with { Challenge = NewChallenge() };
        var stream = MySqlPacket.Open(clone);
        await stream.SendAsync(MySqlPacket.Frame(greeting.ToPayload(Interlocked.Increment(ref connections)), 0)).ConfigureAwait(false);
        var (payload, sequence) = await MySqlPacket.ReceiveAsync(stream).ConfigureAwait(false);
        MySqlLogin login;
        try
        {
            login = MySqlLogin.Parse(payload);
            ((MySqlDialogue)dialogue).StartAtCommands(login, greeting);
        }
        catch (ProtocolException e)
        {
            await clone.SendAsync(MySqlPacket.ErrorPacket(sequence + 1, 1235, "42000", e.Message)).ConfigureAwait(false);
            return false;
        }

        return await LogsInAsync(clone, stream, login, sequence, record).ConfigureAwait(false);
    }

    /// <summary>Asks what the on-line server was asked: who knows the password answers the same.</summary>
    private static async Task<bool> LogsInAsync(LoopSocket clone, LogInStream stream, MySqlLogin login, int sequence, Record record)
    {
        var question = QuestionFor(login.User, record, out var known);
        await stream.SendAsync(MySqlPacket.Frame(question, sequence + 1)).ConfigureAwait(false);
        (var answer, sequence) = await MySqlPacket.ReceiveAsync(stream).ConfigureAwait(false);
        if (!MayEnter(known, answer, record))
        {
            var refusal = $"Access denied for user '{login.User}': the on-line server has not logged in like this";
            await clone.SendAsync(MySqlPacket.ErrorPacket(sequence + 1, AccessDenied, "28000", refusal)).ConfigureAwait(false);
            return false;
        }

        await clone.SendAsync(LetIn(known!, sequence)).ConfigureAwait(false);
        return true;
    }

    /// <summary>What a user is asked: what the on-line server asked him, or something else of that form.</summary>
    /// <param name="user">Who.</param>
    /// <param name="record">Knows how users were let in.</param>
    /// <param name="known">How he was; null where he cannot be asked the same.</param>
    private static byte[] QuestionFor(string user, Record record, out MySqlProof? known)
    {
        known = record.LogIns.Of(user) is MySqlProof { IsRepeatable: true } repeatable ? repeatable : null;
        // Who does not know whether there is such a user is not told.
        var question = known ?? new MySqlProof(user, MySqlLogin.NativePassword, [.. NewChallenge(), 0], []);
        return [MySqlPacket.Eof, .. Encoding.ASCII.GetBytes(question.Plugin + "\0"), .. question.Challenge];
    }

    private static bool MayEnter(MySqlProof? known, byte[] answer, Record record)
    {
        if (known?.IsAnswer(answer) == true)
            return true;
        if (known is null)
            record.Refused.OfUser();
        else
            record.Refused.OfPassword();
        return false;
    }

    /// <summary>As a server that has the password in its cache.</summary>
    private static byte[] LetIn(MySqlProof known, int sequence) => known is { Plugin: MySqlLogin.CachingSha2, Answer.Length: > 0 }
        ? [.. MySqlPacket.Frame([1, 3], sequence + 1), .. MySqlPacket.OkPacket(sequence + 2)]
        : MySqlPacket.OkPacket(sequence + 1);

    /// <summary>A challenge holds no NUL.</summary>
    private static byte[] NewChallenge() => [.. RandomNumberGenerator.GetBytes(20).Select(b => (byte)((b % 94) + 33))];
}
