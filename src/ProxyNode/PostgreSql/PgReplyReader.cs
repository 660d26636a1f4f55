using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// A reply without what each server draws itself: numbers of tables and of types that were made after cloning, processes in errors and
/// notices. Notifications are left out: whose turn it is to bring one is chance.
/// </summary>
internal sealed partial class PgReplyReader(ServiceRules rules) : ReplyReader(rules)
{
    /// <summary>FirstNormalObjectId of PostgreSQL (access/transam.h): what is made after initdb has numbers from here on.</summary>
    private const uint FirstOwnNumber = 16384;

    /// <summary>Longest message that is read; a longer one is compared as it is.</summary>
    private const int LongestRead = 64 * 1024;

    private const int AfterName = 18;

    private readonly ArrayBufferWriter<byte> message = new();
    private long left;
    private bool isRead;
    private bool isDropped;

    /// <inheritdoc />
    public override bool IsReusable => true;

    /// <inheritdoc />
    public override void Reset()
    {
        base.Reset();
        message.ResetWrittenCount();
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
                isRead = (char)bytes[0] is 'T' or 't' or 'E' or 'N' && left <= LongestRead;
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

    /// <summary>Of each column: name, table, attribute, type, size, modifier and format.</summary>
    private static void ForgetColumns(Span<byte> body)
    {
        for (var at = sizeof(short); at < body.Length;)
        {
            var end = body[at..].IndexOf((byte)0);
            at += end + 1;
            if (end < 0 || at + AfterName > body.Length)
                return;
            ForgetNumber(body[at..]);
            ForgetNumber(body[(at + sizeof(int) + sizeof(short))..]);
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
