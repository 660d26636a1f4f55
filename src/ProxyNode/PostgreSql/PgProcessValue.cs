using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// Process numbers in the values of parameters: alone or in an array, as text or in binary (PostgreSQL, array_recv in
/// utils/adt/arrayfuncs.c).
/// </summary>
internal static class PgProcessValue
{
    /// <summary>Dimensions, whether there are NULLs, the type of what is in it; then length and lower bound of the one dimension.</summary>
    private const int ArrayHeader = 5 * sizeof(int);

    private const int Null = -1;

    /// <summary>The value with the clone's numbers; 0 for one that the clone does not have.</summary>
    /// <param name="value">The value.</param>
    /// <param name="isBinary">Whether it is in binary.</param>
    /// <param name="identities">What is known.</param>
    /// <param name="naming">Whether each is known.</param>
    public static byte[] Replace(byte[] value, bool isBinary, Identities identities, out PgNaming naming)
    {
        naming = PgNaming.Known;
        if (!isBinary)
            return InText(value, identities, ref naming);
        var replaced = value.ToArray();
        if (value.Length is sizeof(short) or sizeof(int) or sizeof(long))
        {
            Write(replaced, OfClone(Read(value), identities, ref naming));
            return replaced;
        }

        if (value.Length < ArrayHeader || BinaryPrimitives.ReadInt32BigEndian(value) != 1)
        {
            naming = value.Length == 3 * sizeof(int) ? PgNaming.Known : PgNaming.Unreadable;
            return value;
        }

        for (var at = ArrayHeader; at + sizeof(int) <= replaced.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(replaced.AsSpan(at));
            at += sizeof(int);
            if (length == Null)
                continue;
            if (length is not (sizeof(short) or sizeof(int) or sizeof(long)) || at + length > replaced.Length)
            {
                naming = PgNaming.Unreadable;
                return value;
            }

            var number = replaced.AsSpan(at, length);
            Write(number, OfClone(Read(number), identities, ref naming));
            at += length;
        }

        return replaced;
    }

    /// <summary>A text that is a number or an array of some, with the clone's; null where it is another.</summary>
    public static string? InText(string text, Identities identities, ref PgNaming naming)
    {
        var replaced = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            if (!char.IsAsciiDigit(text[at]))
            {
                if (!" +{},\"\t".Contains(text[at], StringComparison.Ordinal))
                    return null;
                replaced.Append(text[at++]);
                continue;
            }

            var end = at;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
                end++;
            if (!long.TryParse(text.AsSpan(at, end - at), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return null;
            replaced.Append(CultureInfo.InvariantCulture, $"{OfClone(number, identities, ref naming)}");
            at = end;
        }

        return replaced.ToString();
    }

    private static byte[] InText(byte[] value, Identities identities, ref PgNaming naming)
    {
        if (InText(Encoding.Latin1.GetString(value), identities, ref naming) is { } replaced)
            return Encoding.Latin1.GetBytes(replaced);
        naming = PgNaming.Unreadable;
        return value;
    }

    private static long OfClone(long number, Identities identities, ref PgNaming naming)
    {
        if (PgProcessNumbers.OfClone(number, identities) is { } known)
            return known;
        naming = naming < PgNaming.Nobody ? PgNaming.Nobody : naming;
        return 0;
    }

    private static long Read(ReadOnlySpan<byte> value) => value.Length switch
    {
        sizeof(short) => BinaryPrimitives.ReadInt16BigEndian(value),
        sizeof(int) => BinaryPrimitives.ReadInt32BigEndian(value),
        _ => BinaryPrimitives.ReadInt64BigEndian(value),
    };

    /// <summary>A number that has no place is none of a process that it could name.</summary>
    private static void Write(Span<byte> value, long number)
    {
        switch (value.Length)
        {
            case sizeof(short):
                BinaryPrimitives.WriteInt16BigEndian(value, number <= short.MaxValue ? (short)number : (short)0);
                break;
            case sizeof(int):
                BinaryPrimitives.WriteInt32BigEndian(value, (int)number);
                break;
            default:
                BinaryPrimitives.WriteInt64BigEndian(value, number);
                break;
        }
    }
}
