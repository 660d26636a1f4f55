namespace JustRunIt.ProxyNode.MySql;

/// <summary>Commands of the client/server protocol (MySQL internals manual, "Command Phase"; MariaDB adds the bulk execute).</summary>
internal enum MySqlCommand : byte
{
    /// <summary>The client leaves; no reply.</summary>
    Quit = 0x01,

    /// <summary>Default database.</summary>
    InitDb = 0x02,

    /// <summary>Text statement.</summary>
    Query = 0x03,

    /// <summary>Columns of a table, old style.</summary>
    FieldList = 0x04,

    /// <summary>The server ends.</summary>
    Shutdown = 0x08,

    /// <summary>A line of text about the server.</summary>
    Statistics = 0x09,

    /// <summary>The process list, old style.</summary>
    ProcessInfo = 0x0A,

    /// <summary>Ends another session, or its statement, by its number.</summary>
    ProcessKill = 0x0C,

    /// <summary>Whether the server is there.</summary>
    Ping = 0x0E,

    /// <summary>Logs in anew.</summary>
    ChangeUser = 0x11,

    /// <summary>Replication.</summary>
    BinlogDump = 0x12,

    /// <summary>Replication, old style.</summary>
    TableDump = 0x13,

    /// <summary>Replication.</summary>
    RegisterSlave = 0x15,

    /// <summary>Prepares a statement.</summary>
    StatementPrepare = 0x16,

    /// <summary>Executes a prepared statement.</summary>
    StatementExecute = 0x17,

    /// <summary>A parameter in pieces; no reply.</summary>
    StatementSendLongData = 0x18,

    /// <summary>Lets go of a prepared statement; no reply.</summary>
    StatementClose = 0x19,

    /// <summary>Forgets pieces of parameters and an open cursor.</summary>
    StatementReset = 0x1A,

    /// <summary>Switches multi-statements.</summary>
    SetOption = 0x1B,

    /// <summary>Rows of an open cursor.</summary>
    StatementFetch = 0x1C,

    /// <summary>Replication.</summary>
    BinlogDumpGtid = 0x1E,

    /// <summary>Forgets the session's state.</summary>
    ResetConnection = 0x1F,

    /// <summary>A copy of the server's files (MySQL's clone plugin), in a protocol of its own.</summary>
    Clone = 0x20,

    /// <summary>Group replication's own protocol.</summary>
    SubscribeGroupReplication = 0x21,

    /// <summary>MariaDB: executes with many sets of parameters.</summary>
    StatementBulkExecute = 0xFA,
}
