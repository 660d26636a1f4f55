using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// A reply without what each server draws itself: numbers of tables and of types that were made after cloning, of transactions, processes
/// in errors and notices. Notifications are left out: whose turn it is to bring one is chance.
/// </summary>
internal sealed partial class PgReplyReader(ServiceRules rules) : ReplyReader(rules)
{
    /// <summary>FirstNormalObjectId of PostgreSQL (access/transam.h): what is made after initdb has numbers from here on.</summary>
    private const uint FirstOwnNumber = 16384;

    /// <summary>Longest message that is read; a longer one is compared as it is.</summary>
    private const int LongestRead = 64 * 1024;

    private const int AfterName = 18;

    private readonly ArrayBufferWriter<byte> message = new();
    private readonly List<uint> transactions = [];

    /// <summary>Which columns of the rows that come are numbers of transactions, and whether they are in binary.</summary>
    private readonly Dictionary<int, bool> numbered = [];
    private long left;
    private bool isRead;
    private bool isDropped;

    /// <inheritdoc />
    public override bool IsReusable => true;

    /// <summary>The numbers of transactions that it has named, in order.</summary>
    public IReadOnlyList<uint> Transactions => transactions;

    /// <inheritdoc />
    public override void Reset()
    {
        base.Reset();
        message.ResetWrittenCount();
        transactions.Clear();
        numbered.Clear();
        (left, isRead, isDropped) = (0, false, false);
    }

    /// <inheritdoc />
    public override void Append(ReadOnlySpan<byte> bytes, int headLength)
    {
        while (!bytes.IsEmpty)
        {
            if (left == 0 && bytes.Length >= PgMessage.HeaderLength)
            {
                left = PgMessage.LengthOf(bytes);
                isDropped = bytes[0] == 'A';
                isRead = left <= LongestRead
                    && ((char)bytes[0] is 'T' or 't' or 'E' or 'N' || (bytes[0] == 'D' && numbered.Count > 0));
            }

            var count = left == 0 ? bytes.Length : (int)Math.Min(left, bytes.Length);
            left = Math.Max(left - count, 0);
            if (isRead)
                message.Write(bytes[..count]);
            else if (!isDropped)
                AppendContent(bytes[..count]);
            bytes = bytes[count..];
            if (left == 0 && isRead)
                AppendRead();
        }
    }

    private void AppendRead()
    {
        var whole = message.WrittenSpan.ToArray();
        message.ResetWrittenCount();
        isRead = false;
        var body = whole.AsSpan(PgMessage.HeaderLength);
        switch ((char)whole[0])
        {
            case 'T':
                ForgetColumns(body);
                break;
            case 'D':
                AppendRow(whole);
                return;
            case 't':
                for (var at = sizeof(short); at + sizeof(int) <= body.Length; at += sizeof(int))
                    ForgetNumber(body[at..]);
                break;
            default:
                // The header's length goes with what is replaced.
                AppendContent(whole.AsSpan(0, 1));
                AppendContent(Encoding.Latin1.GetBytes(Own().Replace(Encoding.Latin1.GetString(body), "*")));
                return;
        }

        AppendContent(whole);
    }

    /// <summary>A row without its numbers of transactions; with the header goes the length, which depends on them.</summary>
    private void AppendRow(byte[] whole)
    {
        AppendContent(whole.AsSpan(0, 1));
        var at = PgMessage.HeaderLength + sizeof(short);
        for (var column = 0; at + sizeof(int) <= whole.Length; column++)
        {
            var length = Math.Max(BinaryPrimitives.ReadInt32BigEndian(whole.AsSpan(at)), 0);
            var value = whole.AsSpan(Math.Min(at + sizeof(int), whole.Length));
            value = value[..Math.Min(length, value.Length)];
            if (!numbered.TryGetValue(column, out var isBinary) || PgTransactionNumbers.Read(value, isBinary) is not { } number)
                AppendContent(whole.AsSpan(at, sizeof(int) + value.Length));
            else if (transactions.Count < PgTransactionNumbers.Most)
                transactions.Add(number);
            at += sizeof(int) + value.Length;
        }
    }

    /// <summary>Of each column: name, table, attribute, type, size, modifier and format.</summary>
    private void ForgetColumns(Span<byte> body)
    {
        numbered.Clear();
        var column = 0;
        for (var at = sizeof(short); at < body.Length; column++)
        {
            var end = body[at..].IndexOf((byte)0);
            at += end + 1;
            if (end < 0 || at + AfterName > body.Length)
                return;
            ForgetNumber(body[at..]);
            var type = body[(at + sizeof(int) + sizeof(short))..];
            if (BinaryPrimitives.ReadUInt32BigEndian(type) == PgTransactionNumbers.Type)
                numbered[column] = body[at + AfterName - 1] == 1;
            ForgetNumber(type);
            at += AfterName;
        }
    }

    private static void ForgetNumber(Span<byte> number)
    {
        if (BinaryPrimitives.ReadUInt32BigEndian(number) >= FirstOwnNumber)
            BinaryPrimitives.WriteUInt32BigEndian(number, FirstOwnNumber);
    }

    [GeneratedRegex(
        @"(?<=\b(?:process|PID|pid|OID|oid|transaction|relation|tuple|pg_temp_|pg_toast_temp_|pg_toast_|page|database) ?\(?)[0-9]+",
        RegexOptions.CultureInvariant)]
    private static partial Regex Own();
}
