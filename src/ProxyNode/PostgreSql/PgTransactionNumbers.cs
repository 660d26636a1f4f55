using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// Numbers of transactions, which each server counts itself and which come back inside a statement where a row's <c>xmin</c> tells whether
/// somebody else has changed it (PostgreSQL manual, "System Columns"): learnt from both sides' replies to the same request.
/// </summary>
internal static class PgTransactionNumbers
{
    /// <summary>The type <c>xid</c> (catalog/pg_type.dat).</summary>
    public const uint Type = 28;

    /// <summary>Most numbers of one reply that are learnt.</summary>
    public const int Most = 1000;

    private const string Prefix = "transaction ";

    /// <summary>Those of a replay, in a map of their own: they are many, and would push other names out.</summary>
    private static readonly ConditionalWeakTable<Identities, Identities> Known = [];

    /// <summary>Whether a text may name one; told from its bytes without an allocation.</summary>
    public static bool MayName(ReadOnlySpan<byte> text) => WordSearch.Contains(text, "xmin"u8, 0);

    /// <summary>Learns from both sides' replies to the same request, if they have the same form.</summary>
    public static void Pair(IReadOnlyList<uint> online, IReadOnlyList<uint> clone, Identities identities)
    {
        if (online.Count != clone.Count)
            return;
        var all = Known.GetOrCreateValue(identities);
        for (var i = 0; i < online.Count; i++)
        {
            if (online[i] != clone[i] || OfClone(online[i], identities) is not null)
                all.Pair(Prefix + online[i].ToString(CultureInfo.InvariantCulture), clone[i].ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>What the clone calls a transaction; null where it calls it the same, or nothing is known.</summary>
    public static long? OfClone(long number, Identities identities) =>
        Known.TryGetValue(identities, out var all) && all.OfClone(Prefix + number.ToString(CultureInfo.InvariantCulture)) is { } known
            ? long.Parse(known, CultureInfo.InvariantCulture)
            : null;

    /// <summary>The number that a value is; null where it is none.</summary>
    public static uint? Read(ReadOnlySpan<byte> value, bool isBinary)
    {
        if (isBinary)
            return value.Length == sizeof(uint) ? BinaryPrimitives.ReadUInt32BigEndian(value) : null;
        var text = Encoding.Latin1.GetString(value);
        return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>The value in the clone's numbers.</summary>
    public static byte[] Replace(byte[] value, bool isBinary, Identities identities)
    {
        if (Read(value, isBinary) is not { } number || OfClone(number, identities) is not { } clone)
            return value;
        if (!isBinary)
            return Encoding.ASCII.GetBytes(clone.ToString(CultureInfo.InvariantCulture));
        var replaced = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(replaced, (uint)clone);
        return replaced;
    }
}
