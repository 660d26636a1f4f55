using System.Text;
using JustRunIt.ProxyNode.MySql;

namespace JustRunIt.ProxyNode.Tests.Conversations.Models;

/// <summary>
/// MySQL's protocol after a log-in: commands, some of them sent before the one before is answered and some in two pieces, with every
/// shape of reply, several results of one command among them.
/// </summary>
internal sealed class MySqlModel : DialogueModel
{
    private const int MostPipelined = 3;
    private readonly Queue<MySqlCommand> unanswered = new();
    private readonly List<uint> statements = [];
    private readonly bool deprecateEof;
    private byte[] rest = [];
    private uint lastStatement;
    private int sequence;
    private bool inRows;
    private bool hasQuit;

    public MySqlModel(bool deprecateEof)
    {
        this.deprecateEof = deprecateEof;
        var capabilities = MySqlPacket.SecureConnection | MySqlPacket.PluginAuthentication | 0x201u
            | (deprecateEof ? MySqlPacket.DeprecateEof : 0);
        Server(MySqlPacket.Frame(
            new MySqlGreeting("8.0.36", capabilities, 0, Encoding.ASCII.GetBytes("abcdefghijklmnopqrst"), "", 45, 7).ToPayload(7), 0));
        Client(MySqlPacket.Frame(
            [
                .. BitConverter.GetBytes(capabilities), 0, 0, 0, 1, 45, .. new byte[23], .. "shop\0"u8, 20, .. new byte[20],
                .. "mysql_native_password\0"u8,
            ],
            1));
        Server(MySqlPacket.OkPacket(2));
    }

    protected override IEnumerable<Action<int>> Moves()
    {
        if (rest.Length > 0)
        {
            yield return _ => Finish();
        }
        else if (unanswered.Count < MostPipelined && !hasQuit)
        {
            yield return choice => Ask(MySqlCommand.Query, $"SELECT {choice}", choice);
            yield return choice => Ask(MySqlCommand.Ping, "", choice);
            yield return choice => Ask(MySqlCommand.InitDb, "shop", choice);
            yield return choice => Ask(MySqlCommand.StatementPrepare, "SELECT price FROM items WHERE id = ?", choice);
            if (statements.Count > 0)
            {
                yield return choice => Ask(MySqlCommand.StatementExecute, Of(choice) + "\0\u0001\0\0\0\0\u0001\u0003\0aaaa", choice);
                yield return choice => Ask(MySqlCommand.StatementSendLongData, Of(choice) + "\0\0long", choice, isOneWay: true);
                yield return Close;
            }

            yield return _ =>
            {
                Ask(MySqlCommand.Quit, "", 0, isOneWay: true);
                hasQuit = true;
            };
        }

        if (rest.Length > 0 && unanswered.Count <= 1)
            yield break;
        if (inRows)
        {
            yield return choice => Say([3, .. "row"u8]);
            yield return choice => EndRows(isMore: choice % 4 == 0);
        }
        else if (unanswered.TryPeek(out var command))
        {
            yield return _ => Fail();
            yield return choice => Succeed(command, choice);
        }
    }

    protected override void Finish()
    {
        if (rest.Length > 0)
            Client(rest);
        rest = [];
    }

    private string Of(int choice) => Encoding.Latin1.GetString(BitConverter.GetBytes(statements[choice % statements.Count]));

    private void Ask(MySqlCommand command, string argument, int choice, bool isOneWay = false)
    {
        var bytes = MySqlPacket.Frame([(byte)command, .. Encoding.Latin1.GetBytes(argument)], 0);
        var first = choice % 3 == 0 ? bytes.Length - 1 : bytes.Length;
        Client(bytes[..first]);
        rest = bytes[first..];
        if (!isOneWay)
            unanswered.Enqueue(command);
        Begun++;
    }

    private void Close(int choice)
    {
        Ask(MySqlCommand.StatementClose, Of(choice), 1, isOneWay: true);
        statements.RemoveAt(choice % statements.Count);
    }

    private void Say(byte[] payload) => Server(MySqlPacket.Frame(payload, ++sequence % 256));

    private void Fail()
    {
        Say([0xFF, 0x28, 0x04, .. "#42000no"u8]);
        End();
    }

    private void Succeed(MySqlCommand command, int choice)
    {
        switch (command)
        {
            case MySqlCommand.StatementPrepare:
                Say([0, .. BitConverter.GetBytes(++lastStatement), 1, 0, 1, 0, 0, 0, 0]);
                Column();
                EndColumns();
                Column();
                EndColumns();
                statements.Add(lastStatement);
                End();
                break;
            case MySqlCommand.Query or MySqlCommand.StatementExecute when choice % 3 > 0:
                BeginRows();
                break;
            default:
                Say([0, 0, 0, 2, 0, 0, 0]);
                End();
                break;
        }
    }

    private void BeginRows()
    {
        Say([1]);
        Column();
        EndColumns();
        inRows = true;
    }

    private void Column() => Say([3, .. "def"u8, 0, 0, 0, 1, .. "c"u8, 0, 12, 45, 0, 9, 0, 0, 0, 253, 0, 0, 0, 0, 0]);

    private void EndColumns()
    {
        if (!deprecateEof)
            Say([0xFE, 0, 0, 2, 0]);
    }

    private void EndRows(bool isMore)
    {
        var status = (byte)(isMore ? 10 : 2);
        Say(deprecateEof ? [0xFE, 0, 0, status, 0, 0, 0] : [0xFE, 0, 0, status, 0]);
        inRows = false;
        if (isMore)
            BeginRows();
        else
            End();
    }

    private void End()
    {
        unanswered.Dequeue();
        sequence = 0;
        Replies++;
    }
}
