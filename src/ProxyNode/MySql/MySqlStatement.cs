using System.Buffers.Binary;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>A prepared statement of a session.</summary>
internal sealed class MySqlStatement
{
    /// <summary>MariaDB's number for whatever was prepared last.</summary>
    public const uint LastPrepared = uint.MaxValue;

    /// <summary>MARIADB_STMT_BULK_SEND_TYPES, in the flags behind the number of COM_STMT_BULK_EXECUTE.</summary>
    public const int BulkSendsTypes = 128;

    /// <summary>Where the types are in COM_STMT_BULK_EXECUTE, behind the statement's number.</summary>
    public const int BulkTypesAt = sizeof(ushort);

    /// <summary>Where the bit for each parameter that is NULL begins in COM_STMT_EXECUTE, behind the statement's number.</summary>
    private const int NullsAt = 5;

    /// <summary>A statement.</summary>
    /// <param name="sql">Its text; empty where that was too long to be kept.</param>
    /// <param name="parameters">How many it has.</param>
    /// <param name="database">The default database when it was prepared: the one that its names mean for good.</param>
    /// <param name="types">The types of its parameters, where they were sent before; null where not.</param>
    /// <param name="parsing">How its text was read when it was prepared (<see cref="MySqlSession.Parsing"/>).</param>
    public MySqlStatement(string sql, int parameters, string database, byte[]? types = null, string parsing = "")
    {
        (Sql, Parameters, Database, Parsing, Types) = (sql, parameters, database, parsing, types ?? []);
        Bytes = MySqlText.Bytes(sql);
        MayChange = MySqlWords.MayChange(Bytes.Span, isMany: false);
    }

    /// <summary>Its text; empty where that was too long to be kept.</summary>
    public string Sql { get; }

    /// <summary>Its text as it was sent.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>How many it has.</summary>
    public int Parameters { get; }

    /// <summary>The default database when it was prepared.</summary>
    public string Database { get; }

    /// <summary>How its text was read when it was prepared.</summary>
    public string Parsing { get; }

    /// <summary>Whether an execution may leave something in the session.</summary>
    public bool MayChange { get; }

    /// <summary>The types of its parameters as they were sent last: two bytes each; empty before.</summary>
    public byte[] Types { get; private set; }

    /// <summary>A parameter was sent in pieces, and is not used yet.</summary>
    public bool HasPieces { get; set; }

    /// <summary>Rows of its last execution are still fetched.</summary>
    public bool HasCursor { get; set; }

    /// <summary>Where the types would be in an execution, behind the flag that tells of them; 0 where there are none.</summary>
    public int TypesAt => Parameters == 0 ? 0 : NullsAt + ((Parameters + 7) / 8) + 1;

    /// <summary>Whether an execution brings the types itself, or has no need of any.</summary>
    /// <param name="argument">From behind the statement's number on.</param>
    public bool BringsTypes(ReadOnlySpan<byte> argument) =>
        Parameters == 0 || argument.Length < TypesAt || argument[TypesAt - 1] != 0;

    /// <summary>How many bytes of an execution, from behind the statement's number on, have all that is not a parameter's value.</summary>
    public int BoundAt => Parameters == 0 ? 0 : TypesAt + (2 * Parameters);

    /// <summary>An execution begins: the types that it brings hold for later ones too.</summary>
    /// <param name="argument">From behind the statement's number on; may be cut off.</param>
    public void Bind(ReadOnlySpan<byte> argument)
    {
        if (Parameters > 0 && argument.Length >= BoundAt && argument[TypesAt - 1] != 0)
            Take(argument[TypesAt..BoundAt]);
    }

    /// <summary>An execution with many sets of parameters begins: the types that it brings hold for later ones too.</summary>
    /// <param name="argument">From behind the statement's number on; may be cut off.</param>
    public void BindMany(ReadOnlySpan<byte> argument)
    {
        if (BringsTypesOfMany(argument) && argument.Length >= BulkTypesAt + (2 * Parameters))
            Take(argument.Slice(BulkTypesAt, 2 * Parameters));
    }

    /// <summary>Whether an execution with many sets of parameters brings the types itself.</summary>
    /// <param name="argument">From behind the statement's number on.</param>
    public static bool BringsTypesOfMany(ReadOnlySpan<byte> argument) =>
        argument.Length >= BulkTypesAt && (BinaryPrimitives.ReadUInt16LittleEndian(argument) & BulkSendsTypes) != 0;

    /// <summary>The same at another time, or on another connection.</summary>
    public MySqlStatement Copy() => (MySqlStatement)MemberwiseClone();

    private void Take(ReadOnlySpan<byte> brought)
    {
        if (!brought.SequenceEqual(Types))
            Types = brought.ToArray();
    }
}
