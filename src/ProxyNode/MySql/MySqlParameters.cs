using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// The parameters of an execution as text in which patterns find their values: each behind its type, without its length, which is
/// another with another value; numbers and times as they are written (MySQL manual of the protocol, "Binary Protocol Value").
/// </summary>
internal static class MySqlParameters
{
    /// <summary>In no value.</summary>
    private const char End = MySqlText.Separator;

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
                var isUnsigned = (statement.Types[(2 * i) + 1] & Unsigned) != 0;
                text.Append(End).Append((char)type).Append(isUnsigned ? 'u' : 's').Append(End);
                if ((nulls[i / 8] & (1 << (i % 8))) == 0 && !isSent(i))
                    Append(text, type, isUnsigned, argument, ref at);
            }
        }
        catch (ProtocolException)
        {
            return null;
        }

        return at == argument.Length ? text.ToString() : null;
    }

    /// <summary>
    /// The text of an execution with many sets of parameters (MariaDB); null where the message cannot be read in this way.
    /// </summary>
    /// <param name="statement">What is executed; knows the types.</param>
    /// <param name="argument">Of the command, from behind the statement's number on.</param>
    public static string? ReadMany(MySqlStatement statement, ReadOnlySpan<byte> argument)
    {
        var types = 2 * statement.Parameters;
        var at = MySqlStatement.BulkTypesAt + (MySqlStatement.BringsTypesOfMany(argument) ? types : 0);
        if (types == 0 || statement.Types.Length < types || argument.Length < at)
            return null;
        var text = new StringBuilder(argument.Length);
        // Flags, but for whether the types are told anew.
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(argument) & ~MySqlStatement.BulkSendsTypes;
        text.Append(CultureInfo.InvariantCulture, $"{flags}");
        try
        {
            for (var i = 0; at < argument.Length; i = (i + 1) % statement.Parameters)
            {
                var type = statement.Types[2 * i];
                var isUnsigned = (statement.Types[(2 * i) + 1] & Unsigned) != 0;
                // Whether it is NULL, the default, or left alone.
                var indicator = MySqlPacket.Take(argument, ref at, 1)[0];
                text.Append(End).Append((char)type).Append(isUnsigned ? 'u' : 's').Append((char)('0' + indicator)).Append(End);
                if (indicator == 0)
                    Append(text, type, isUnsigned, argument, ref at);
            }
        }
        catch (ProtocolException)
        {
            return null;
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, byte type, bool isUnsigned, ReadOnlySpan<byte> from, ref int at)
    {
        switch (type)
        {
            // NULL; TINY; SHORT, YEAR; LONG, INT24; LONGLONG.
            case 0x06:
                return;
            case 0x01:
                AppendNumber(text, MySqlPacket.Take(from, ref at, 1), isUnsigned);
                return;
            case 0x02 or 0x0D:
                AppendNumber(text, MySqlPacket.Take(from, ref at, 2), isUnsigned);
                return;
            case 0x03 or 0x09:
                AppendNumber(text, MySqlPacket.Take(from, ref at, 4), isUnsigned);
                return;
            case 0x08:
                AppendNumber(text, MySqlPacket.Take(from, ref at, 8), isUnsigned);
                return;
            // FLOAT, DOUBLE.
            case 0x04:
                var single = BinaryPrimitives.ReadSingleLittleEndian(MySqlPacket.Take(from, ref at, 4));
                text.Append(CultureInfo.InvariantCulture, $"{single:R}");
                return;
            case 0x05:
                var number = BinaryPrimitives.ReadDoubleLittleEndian(MySqlPacket.Take(from, ref at, 8));
                text.Append(CultureInfo.InvariantCulture, $"{number:R}");
                return;
            // TIMESTAMP, DATE, DATETIME.
            case 0x07 or 0x0A or 0x0C:
                AppendDate(text, MySqlPacket.Take(from, ref at, MySqlPacket.Take(from, ref at, 1)[0]));
                return;
            // TIME.
            case 0x0B:
                AppendTime(text, MySqlPacket.Take(from, ref at, MySqlPacket.Take(from, ref at, 1)[0]));
                return;
            default:
                var length = (int)Math.Min(MySqlPacket.ReadInteger(from, ref at), int.MaxValue);
                text.Append(LosslessText.Of(MySqlPacket.Take(from, ref at, length)));
                return;
        }
    }

    private static void AppendNumber(StringBuilder text, ReadOnlySpan<byte> value, bool isUnsigned)
    {
        var isNegative = !isUnsigned && (value[^1] & 0x80) != 0;
        Span<byte> whole = stackalloc byte[sizeof(long)];
        whole.Fill(isNegative ? byte.MaxValue : (byte)0);
        value.CopyTo(whole);
        if (isUnsigned)
            text.Append(BinaryPrimitives.ReadUInt64LittleEndian(whole));
        else
            text.Append(BinaryPrimitives.ReadInt64LittleEndian(whole));
    }

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

    /// <summary>The same of a time: a sign, days, hours, minutes, seconds, microseconds.</summary>
    private static void AppendTime(StringBuilder text, ReadOnlySpan<byte> time)
    {
        if (time.Length is not (0 or 8 or 12))
            throw new ProtocolException("a MySQL time of an unknown length");
        Span<byte> whole = stackalloc byte[12];
        whole.Clear();
        time.CopyTo(whole);
        var hours = (BinaryPrimitives.ReadUInt32LittleEndian(whole[1..]) * 24UL) + whole[5];
        text.Append(
            CultureInfo.InvariantCulture,
            $"{(whole[0] != 0 ? "-" : "")}{hours:00}:{whole[6]:00}:{whole[7]:00}"
            + $".{BinaryPrimitives.ReadUInt32LittleEndian(whole[8..]):000000}");
    }
}
