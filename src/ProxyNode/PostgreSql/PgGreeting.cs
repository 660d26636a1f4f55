using System.Buffers.Binary;
using System.Security.Cryptography;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>How the stand-in for a PostgreSQL server begins with a clone, up to its first request.</summary>
internal static class PgGreeting
{
    private const int LongKeyMinor = 2;
    private const int ShortKey = sizeof(int);
    private const int LongKey = 32;

    private static int connections;

    /// <summary>
    /// Lets in whom the on-line server's next tier has let in, if he has the same password, and says of itself what that one says. A newer
    /// minor version, or an option, than that one speaks is negotiated away as it would (PostgreSQL manual, "NegotiateProtocolVersion").
    /// </summary>
    public static async Task<bool> GreetAsync(LoopSocket clone, PgDialogue dialogue, Record record)
    {
        var stream = PgMessage.Open(clone);
        while (true)
        {
            var startup = await PgMessage.ReceiveStartupAsync(stream).ConfigureAwait(false);
            var code = BinaryPrimitives.ReadInt32BigEndian(startup);
            switch (code)
            {
                case PgMessage.TlsRequest or PgMessage.GssRequest:
                    await stream.SendAsync("N"u8.ToArray()).ConfigureAwait(false);
                    continue;
                case PgMessage.CancelRequest:
                    return false;
            }

            if (code >> 16 != PgMessage.MajorVersion)
            {
                await stream.SendAsync(PgMessage.Error(
                    fatal: true, "0A000", $"unsupported frontend protocol {code >> 16}.{code & 0xFFFF}")).ConfigureAwait(false);
                return false;
            }

            if (record.Original is not PgDialogue { Parameters.Length: > 0 } original)
            {
                var error = PgMessage.Error(fatal: true, "08004", "No connection to the server is on record");
                await stream.SendAsync(error).ConfigureAwait(false);
                return false;
            }

            byte[] first = [0, 0, 0, 0, .. startup];
            var minor = Math.Min(code & 0xFFFF, original.Minor);
            var options = PgMessage.OptionsOf(first);
            if (minor < (code & 0xFFFF) || options.Count > 0)
                await stream.SendAsync(PgMessage.Negotiate(minor, options)).ConfigureAwait(false);
            if (!await LogsInAsync(stream, PgMessage.ParameterOf(first, "user"), record).ConfigureAwait(false))
                return false;
            var process = new byte[sizeof(int)];
            BinaryPrimitives.WriteInt32BigEndian(process, Interlocked.Increment(ref connections));
            var secret = RandomNumberGenerator.GetBytes(minor >= LongKeyMinor ? LongKey : ShortKey);
            var letIn = PgMessage.Frame('R', new byte[4]);
            var cancelKey = PgMessage.Frame('K', [.. process, .. secret]);
            await stream.SendAsync((byte[])[.. letIn, .. original.Parameters, .. cancelKey, .. PgMessage.Ready]).ConfigureAwait(false);
            dialogue.StartAtRequests(first, original.Parameters);
            dialogue.StopsAtFlush = true;
            return true;
        }
    }

    /// <summary>
    /// Asks for the password: a proof of it by SCRAM could not be held against the one that was recorded, since each is for its own
    /// question. It passes between the clone and its own host only.
    /// </summary>
    private static async Task<bool> LogsInAsync(LogInStream stream, string user, Record record)
    {
        var known = record.LogIns.Of(user) as PgLogIn;
        if (known?.Kind == PgLogIn.Way.None)
            return true;
        byte[] question = known is { Kind: PgLogIn.Way.Md5 } ? [0, 0, 0, 5, .. known.Salt] : [0, 0, 0, 3];
        await stream.SendAsync(PgMessage.Frame('R', question)).ConfigureAwait(false);
        var (type, body) = await PgMessage.ReceiveAsync(stream).ConfigureAwait(false);
        if (type != 'p')
            throw new ProtocolException("a PostgreSQL client that answers no question for its password");
        var said = body.AsSpan().TrimEnd((byte)0).ToArray();
        // Who does not know whether there is such a user is not told.
        if (known is { Kind: not PgLogIn.Way.Other } && (known.Kind == PgLogIn.Way.Md5 ? known.IsAnswer(said) : known.IsPassword(said)))
            return true;
        if (known is { Kind: not PgLogIn.Way.Other })
            record.Refused.OfPassword();
        else
            record.Refused.OfUser();
        var refusal = PgMessage.Error(
            fatal: true, "28P01", $"password authentication failed for user \"{user}\": the on-line server has not logged in like this");
        await stream.SendAsync(refusal).ConfigureAwait(false);
        return false;
    }
}
