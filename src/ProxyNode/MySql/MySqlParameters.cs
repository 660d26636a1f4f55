using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// The parameters of an execution as text in which patterns find their values: each behind its type, without its length, which is
/// another with another value; a time of day as it is written (MySQL manual of the protocol, "Binary Protocol Value").
/// </summary>
internal static class MySqlParameters
{
    private const char End = '\0';
    private const byte Unsigned = 0x80;

    /// <summary>The text; null where the message cannot be read in this way.</summary>
    /// <param name="statement">What is executed; knows the types.</param>
    /// <param name="argument">Of the command, from behind the statement's number on.</param>
    /// <param name="isSent">Whether a parameter was sent in pieces before, and is not in the message.</param>
    public static string? Read(MySqlStatement statement, ReadOnlySpan<byte> argument, Func<int, bool> isSent)
    {
        if (statement.Parameters == 0 || statement.Types.Length < 2 * statement.Parameters || argument.Length < statement.TypesAt)
            return null;
        var text = new StringBuilder(argument.Length);
        // Flags, iterations and what is NULL; not whether the types are told anew.
        text.Append(Encoding.Latin1.GetString(argument[..(statement.TypesAt - 1)]));
        var nulls = argument[5..(statement.TypesAt - 1)];
        var at = statement.TypesAt + (argument[statement.TypesAt - 1] != 0 ? 2 * statement.Parameters : 0);
        try
        {
            for (var i = 0; i < statement.Parameters; i++)
            {
                var type = statement.Types[2 * i];
                text.Append(End).Append((char)type).Append((statement.Types[(2 * i) + 1] & Unsigned) != 0 ? 'u' : 's');
                if ((nulls[i / 8] & (1 << (i % 8))) == 0 && !isSent(i))
                    Append(text, type, argument, ref at);
            }
        }
        catch (ProtocolException)
        {
            return null;
        }

        return at == argument.Length ? text.ToString() : null;
    }

    private static void Append(StringBuilder text, byte type, ReadOnlySpan<byte> from, ref int at)
    {
        switch (type)
        {
            // NULL; TINY; SHORT, YEAR; LONG, INT24, FLOAT; LONGLONG, DOUBLE.
            case 0x06:
                return;
            case 0x01:
                text.Append(Latin(from, ref at, 1));
                return;
            case 0x02 or 0x0D:
                text.Append(Latin(from, ref at, 2));
                return;
            case 0x03 or 0x09 or 0x04:
                text.Append(Latin(from, ref at, 4));
                return;
            case 0x08 or 0x05:
                text.Append(Latin(from, ref at, 8));
                return;
            // TIMESTAMP, DATE, DATETIME.
            case 0x07 or 0x0A or 0x0C:
                AppendDate(text, MySqlPacket.Take(from, ref at, MySqlPacket.Take(from, ref at, 1)[0]));
                return;
            // TIME.
            case 0x0B:
                text.Append(Latin(from, ref at, MySqlPacket.Take(from, ref at, 1)[0]));
                return;
            default:
                text.Append(Latin(from, ref at, (int)Math.Min(MySqlPacket.ReadInteger(from, ref at), int.MaxValue)));
                return;
        }
    }

    private static string Latin(ReadOnlySpan<byte> from, ref int at, int count) =>
        Encoding.Latin1.GetString(MySqlPacket.Take(from, ref at, count));

    /// <summary>Parts that are zero at the end are left out in the message.</summary>
    private static void AppendDate(StringBuilder text, ReadOnlySpan<byte> date)
    {
        if (date.Length is not (0 or 4 or 7 or 11))
            throw new ProtocolException("a MySQL date of an unknown length");
        Span<byte> whole = stackalloc byte[11];
        whole.Clear();
        date.CopyTo(whole);
        text.Append(
            CultureInfo.InvariantCulture,
            $"{BinaryPrimitives.ReadUInt16LittleEndian(whole):0000}-{whole[2]:00}-{whole[3]:00} {whole[4]:00}:{whole[5]:00}:{whole[6]:00}"
            + $".{BinaryPrimitives.ReadUInt32LittleEndian(whole[7..]):000000}");
    }
}
