using System.Buffers.Binary;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// One reply of a MySQL server. Not compared are the number of a prepared statement, which is each server's own, and the
/// changes of the session's state in an OK packet, whose order is that of a hash table in the server's memory.
/// </summary>
/// <param name="rules">The service's rules.</param>
/// <param name="asked">What it answers.</param>
internal sealed class MySqlReplyReader(ServiceRules rules, MySqlCommand asked) : ReplyReader(rules)
{
    /// <summary>Where the number ends in a reply to a prepare, header included.</summary>
    private const int NumberEnd = MySqlPacket.HeaderLength + 1 + sizeof(uint);

    /// <summary>Header and start of an OK packet: both its numbers, status, warnings, length of the text.</summary>
    private const int StartLength = MySqlPacket.HeaderLength + 1 + 9 + 9 + 2 + 2 + 9;

    private readonly bool isPrepare = asked == MySqlCommand.StatementPrepare;

    /// <summary>Rows of a cursor begin with the byte that an OK packet begins with.</summary>
    private readonly bool isRows = asked == MySqlCommand.StatementFetch;
    private readonly byte[] start = new byte[StartLength];
    private int seen;
    private bool isStartRead;
    private long position;
    private long skipFrom;
    private long skipTo;

    /// <summary>The number in a reply to a prepare; null in any other.</summary>
    public uint? Prepared =>
        isPrepare && IsOk && seen >= NumberEnd ? BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(NumberEnd - sizeof(uint))) : null;

    /// <summary>The first number that AUTO_INCREMENT gave to the rows of an insert; 0 when it gave none.</summary>
    public ulong FirstInserted { get; private set; }

    private bool IsOk => !isRows && seen > MySqlPacket.HeaderLength && start[MySqlPacket.HeaderLength] == MySqlPacket.Ok;

    /// <inheritdoc />
    public override void Append(ReadOnlySpan<byte> bytes, int headLength)
    {
        if (!isStartRead)
        {
            var count = Math.Min(start.Length - seen, bytes.Length);
            bytes[..count].CopyTo(start.AsSpan(seen));
            seen += count;
            bytes = bytes[count..];
            if (seen < start.Length)
                return;
            ReadStart();
        }

        AppendCompared(bytes);
    }

    /// <inheritdoc />
    public override void End()
    {
        if (!isStartRead)
            ReadStart();
        base.End();
    }

    private void ReadStart()
    {
        isStartRead = true;
        if (isPrepare)
            (skipFrom, skipTo) = IsOk ? (NumberEnd - sizeof(uint), NumberEnd) : (0, 0);
        else if (IsOk)
            ReadOk();
        AppendCompared(start.AsSpan(0, seen));
    }

    private void ReadOk()
    {
        var whole = MySqlPacket.HeaderLength + MySqlPacket.PayloadLength(start);
        var ok = start.AsSpan(0, Math.Min(seen, whole));
        var at = MySqlPacket.HeaderLength + 1;
        MySqlPacket.ReadInteger(ok, ref at);
        FirstInserted = MySqlPacket.ReadInteger(ok, ref at);
        var status = BinaryPrimitives.ReadUInt16LittleEndian(MySqlPacket.Take(ok, ref at, 2));
        MySqlPacket.Take(ok, ref at, 2);
        if ((status & MySqlPacket.SessionStateChanged) == 0)
            return;
        skipFrom = (long)Math.Min(MySqlPacket.ReadInteger(ok, ref at), (ulong)whole) + at;
        skipTo = whole;
    }

    private void AppendCompared(ReadOnlySpan<byte> bytes)
    {
        var before = (int)Math.Clamp(skipFrom - position, 0, bytes.Length);
        var after = (int)Math.Clamp(skipTo - position, before, bytes.Length);
        position += bytes.Length;
        AppendContent(bytes[..before]);
        AppendContent(bytes[after..]);
    }
}
