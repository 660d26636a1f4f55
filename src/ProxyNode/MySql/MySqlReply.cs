using System.Buffers.Binary;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// Finds the end of the reply to one command, packet by packet. Of each packet only the first bytes are looked at.
/// </summary>
internal struct MySqlReply(MySqlCommand command, bool deprecateEof)
{
    /// <summary>How many of a packet's first bytes are looked at: the longest OK packet up to its flags.</summary>
    public const int LookedAt = 32;

    private Expected expected = command switch
    {
        MySqlCommand.Query or MySqlCommand.StatementExecute or MySqlCommand.StatementBulkExecute or MySqlCommand.ProcessInfo =>
            Expected.Result,
        MySqlCommand.StatementPrepare => Expected.Prepared,
        MySqlCommand.StatementFetch => Expected.Rows,
        MySqlCommand.FieldList => Expected.Fields,
        MySqlCommand.ChangeUser => Expected.Authentication,
        _ => Expected.Single,
    };

    private int left;
    private int columnsAfter;
    private List<bool>? results;

    private enum Expected
    {
        Single,
        Result,
        Columns,
        ColumnsEnd,
        Rows,
        Fields,
        Prepared,
        Parameters,
        ParametersEnd,
        PreparedColumns,
        PreparedColumnsEnd,
        Authentication,
        Nothing,
    }

    /// <summary>Error code, once the reply has ended with one; otherwise 0.</summary>
    public int ErrorCode { get; private set; }

    /// <summary>Whether the whole reply was seen.</summary>
    public readonly bool HasEnded => expected == Expected.Nothing;

    /// <summary>The server's status as the reply has it last; null when it has none.</summary>
    public int? Status { get; private set; }

    /// <summary>
    /// The results of several that have ended so far, in order: whether with rows. Null where there was none but the last.
    /// </summary>
    public readonly IReadOnlyList<bool>? Results => results;

    /// <summary>The statement that was prepared; null when none was.</summary>
    public uint? Prepared { get; private set; }

    /// <summary>How many parameters it has.</summary>
    public int Parameters { get; private set; }

    /// <summary>The server waits for a local file of the client's, in packets that an empty one ends, before it goes on.</summary>
    public bool AwaitsFile { get; set; }

    /// <summary>A packet begins.</summary>
    /// <param name="start">Its first bytes, at most <see cref="LookedAt"/>.</param>
    /// <param name="length">Length of its payload.</param>
    /// <exception cref="ProtocolException">It is none that can come here.</exception>
    public void Packet(ReadOnlySpan<byte> start, int length)
    {
        if (start.IsEmpty)
            throw new ProtocolException("an empty MySQL packet in a reply");
        if (start[0] == MySqlPacket.Error && expected is not (Expected.Columns or Expected.Parameters or Expected.PreparedColumns))
        {
            ErrorCode = start.Length >= 3 ? BinaryPrimitives.ReadUInt16LittleEndian(start[1..]) : 1;
            expected = Expected.Nothing;
            return;
        }

        switch (expected)
        {
            case Expected.Single:
                Status = StatusOf(start);
                expected = Expected.Nothing;
                break;
            case Expected.Result:
                Result(start);
                break;
            case Expected.Columns:
                if (--left == 0)
                    expected = deprecateEof ? Expected.Rows : Expected.ColumnsEnd;
                break;
            case Expected.ColumnsEnd:
                // An open cursor: its rows are fetched (COM_STMT_FETCH).
                Status = EofStatus(start);
                expected = (Status & MySqlPacket.CursorExists) != 0 ? Expected.Nothing : Expected.Rows;
                break;
            case Expected.Rows:
                if (IsEnd(start, length))
                {
                    Status = EndStatus(start);
                    EndResult(hasRows: true);
                }

                break;
            case Expected.Fields:
                if (IsEnd(start, length))
                    expected = Expected.Nothing;
                break;
            case Expected.Prepared:
                PreparedOk(start);
                break;
            case Expected.Parameters:
                if (--left == 0)
                    expected = deprecateEof ? AfterParameters() : Expected.ParametersEnd;
                break;
            case Expected.ParametersEnd:
                expected = AfterParameters();
                break;
            case Expected.PreparedColumns:
                if (--left == 0)
                    expected = deprecateEof ? Expected.Nothing : Expected.PreparedColumnsEnd;
                break;
            case Expected.PreparedColumnsEnd:
                expected = Expected.Nothing;
                break;
            case Expected.Authentication:
                if (start[0] == MySqlPacket.Ok)
                    expected = Expected.Nothing;
                break;
            default:
                throw new ProtocolException("a MySQL packet after the end of a reply");
        }
    }

    private void Result(ReadOnlySpan<byte> start)
    {
        if (start[0] == MySqlPacket.LocalInfile)
        {
            AwaitsFile = true;
            return;
        }

        if (start[0] == MySqlPacket.Ok)
        {
            Status = OkStatus(start);
            EndResult(hasRows: false);
            return;
        }

        var at = 0;
        left = (int)Math.Min(MySqlPacket.ReadInteger(start, ref at), int.MaxValue);
        expected = Expected.Columns;
    }

    private void EndResult(bool hasRows)
    {
        if ((Status & MySqlPacket.MoreResults) == 0)
        {
            expected = Expected.Nothing;
            return;
        }

        (results ??= []).Add(hasRows);
        expected = Expected.Result;
    }

    private void PreparedOk(ReadOnlySpan<byte> start)
    {
        if (start.Length < 9)
            throw new ProtocolException("a MySQL reply to a prepare that ends too early");
        Prepared = BinaryPrimitives.ReadUInt32LittleEndian(start[1..]);
        columnsAfter = BinaryPrimitives.ReadUInt16LittleEndian(start[5..]);
        left = Parameters = BinaryPrimitives.ReadUInt16LittleEndian(start[7..]);
        expected = left > 0 ? Expected.Parameters : AfterParameters();
    }

    private Expected AfterParameters()
    {
        left = columnsAfter;
        return left > 0 ? Expected.PreparedColumns : Expected.Nothing;
    }

    /// <summary>A row may begin with FE too, but is then longer than any packet of another kind (16 MiB of text).</summary>
    private readonly bool IsEnd(ReadOnlySpan<byte> start, int length) =>
        start[0] == MySqlPacket.Eof && (deprecateEof ? length < MySqlPacket.FullPayload : length < 9);

    private readonly int EndStatus(ReadOnlySpan<byte> start) => deprecateEof ? OkStatus(start) : EofStatus(start);

    /// <summary>The status of a single packet that says yes; null of another, such as one that only counts something.</summary>
    private static int? StatusOf(ReadOnlySpan<byte> start) =>
        start is [MySqlPacket.Ok, < 0xFB, < 0xFB, var low, var high, ..] ? low | (high << 8) : null;

    private static int EofStatus(ReadOnlySpan<byte> start) => start.Length >= 5 ? BinaryPrimitives.ReadUInt16LittleEndian(start[3..]) : 0;

    private static int OkStatus(ReadOnlySpan<byte> start)
    {
        var at = 1;
        MySqlPacket.ReadInteger(start, ref at);
        MySqlPacket.ReadInteger(start, ref at);
        return BinaryPrimitives.ReadUInt16LittleEndian(MySqlPacket.Take(start, ref at, 2));
    }
}
