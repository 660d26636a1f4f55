using System.Buffers.Binary;
using System.Text;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>Hears how a client logs in at a server, from what is relayed between them.</summary>
internal sealed class PgLogInHearing
{
    private const int Longest = 16 * 1024;

    private PgLogIn.Way way;
    private byte[] salt = [];
    private byte[] answer = [];
    private string clientFirst = "";
    private string serverFirst = "";
    private string clientFinal = "";

    /// <summary>An authentication message of the server's.</summary>
    public void Server(ReadOnlySpan<byte> body)
    {
        if (body.Length is < 4 or > Longest)
            return;
        switch (BinaryPrimitives.ReadInt32BigEndian(body))
        {
            case 0 or 12:
                break;
            case 3:
                way = PgLogIn.Way.ClearText;
                break;
            case 5:
                (way, salt) = (PgLogIn.Way.Md5, body[4..].ToArray());
                break;
            case 10:
                way = PgLogIn.Way.Scram;
                break;
            case 11:
                serverFirst = Encoding.UTF8.GetString(body[4..]);
                break;
            default:
                way = PgLogIn.Way.Other;
                break;
        }
    }

    /// <summary>A password message of the client's.</summary>
    public void Client(ReadOnlySpan<byte> body)
    {
        if (body.Length > Longest)
            return;
        switch (way)
        {
            case PgLogIn.Way.ClearText:
                answer = PgLogIn.Kept(body.TrimEnd((byte)0));
                break;
            case PgLogIn.Way.Md5:
                answer = body.TrimEnd((byte)0).ToArray();
                break;
            case PgLogIn.Way.Scram when clientFirst.Length == 0:
                // What cannot be read is relayed all the same, and cannot be repeated.
                var end = body.IndexOf((byte)0);
                way = end >= 0 && Encoding.UTF8.GetString(body[..end]) == PgScram.Mechanism ? way : PgLogIn.Way.Other;
                clientFirst = Encoding.UTF8.GetString(body[Math.Min(end + 1 + sizeof(int), body.Length)..]);
                break;
            case PgLogIn.Way.Scram:
                clientFinal = Encoding.UTF8.GetString(body);
                break;
        }
    }

    /// <summary>The server has let the user in.</summary>
    public PgLogIn LetIn(string user) => way == PgLogIn.Way.Scram
        ? PgLogIn.OfScram(user, clientFirst, serverFirst, clientFinal) ?? new PgLogIn(user, PgLogIn.Way.Other)
        : new PgLogIn(user, way) { Salt = salt, Proof = answer };
}
