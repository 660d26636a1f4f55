using System.Text;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>What a client says to a server so that a session there becomes what another was, packet by packet.</summary>
internal static class MySqlLogInAnew
{
    private const byte MoreData = 1;
    private const byte FastSuccess = 3;

    /// <summary>Answers a server's questions until it lets the client in.</summary>
    /// <returns>The greeting, with what the server asked last: it may want the same again for COM_CHANGE_USER.</returns>
    /// <exception cref="ProtocolException">It does not, or asks in a way that is not known here.</exception>
    public static async Task<MySqlGreeting> AuthenticateAsync(LogInStream stream, MySqlGreeting greeting, string password)
    {
        while (true)
        {
            var (payload, sequence) = await MySqlPacket.ReceiveAsync(stream).ConfigureAwait(false);
            ThrowIfError(payload);
            switch (payload[0])
            {
                case MySqlPacket.Ok:
                    return greeting;
                case MySqlPacket.Eof:
                    var at = 1;
                    var plugin = MySqlPacket.ReadTerminated(payload, ref at);
                    var challenge = payload.AsSpan(at).TrimEnd((byte)0).ToArray();
                    greeting = greeting with { Plugin = plugin, Challenge = challenge };
                    var answer = MySqlLogin.Answer(plugin, password, challenge);
                    await stream.SendAsync(MySqlPacket.Frame(answer, sequence + 1)).ConfigureAwait(false);
                    break;
                case MoreData when payload is [_, FastSuccess]:
                    break;
                default:
                    throw new ProtocolException(
                        $"the clone wants {greeting.Plugin} over TLS; let the user log in once before, or give it "
                        + MySqlLogin.NativePassword);
            }
        }
    }

    /// <summary>Sets again what a session had set.</summary>
    public static async Task SetAsync(LogInStream stream, MySqlSession session)
    {
        if (session.WasReset)
            await SayAsync(stream, [(byte)MySqlCommand.ResetConnection]).ConfigureAwait(false);
        if (session.Option is { } option)
            await SayAsync(stream, [(byte)MySqlCommand.SetOption, .. option]).ConfigureAwait(false);
        foreach (var setting in session.Settings)
            await SayAsync(stream, [(byte)MySqlCommand.Query, .. MySqlText.Bytes(setting)]).ConfigureAwait(false);
    }

    /// <summary>Makes a database the default one.</summary>
    public static Task UseAsync(LogInStream stream, string database) =>
        SayAsync(stream, [(byte)MySqlCommand.InitDb, .. Encoding.UTF8.GetBytes(database)]);

    /// <summary>Throws what an error packet says.</summary>
    /// <exception cref="LogInRefusedException">It is one.</exception>
    public static void ThrowIfError(byte[] payload)
    {
        if (payload is [MySqlPacket.Error, ..])
            throw new LogInRefusedException(
                $"the clone refuses the log-in: {Encoding.UTF8.GetString(payload.AsSpan(Math.Min(3, payload.Length)))}");
    }

    /// <summary>
    /// Says what is answered by one packet, and goes on only where it is done: a session that is nearly the same is another.
    /// </summary>
    private static async Task SayAsync(LogInStream stream, byte[] command)
    {
        await stream.SendAsync(MySqlPacket.Frame(command, 0)).ConfigureAwait(false);
        var (payload, _) = await MySqlPacket.ReceiveAsync(stream).ConfigureAwait(false);
        if (payload is [MySqlPacket.Error, ..])
            throw new ProtocolException(
                $"the clone refuses what the session had set: {Encoding.UTF8.GetString(payload.AsSpan(Math.Min(3, payload.Length)))}");
    }
}
