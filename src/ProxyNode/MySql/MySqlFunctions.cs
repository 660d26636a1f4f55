namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// Which words in an expression make the same value of the same each time (MySQL and MariaDB manuals, "Built-In Function and Operator
/// Reference"). What is not named here may be a routine of the user's, which may read anything.
/// </summary>
internal static class MySqlFunctions
{
    private static readonly HashSet<string> Deterministic = new(StringComparer.OrdinalIgnoreCase)
    {
        "ABS", "ADDDATE", "ADDTIME", "AND", "ASCII", "BETWEEN", "BIN", "BIT_COUNT", "BIT_LENGTH", "CAST", "CEIL", "CEILING", "CHAR",
        "CHAR_LENGTH", "CHARACTER_LENGTH", "CHARSET", "COALESCE", "COLLATION", "COMPRESS", "CONCAT", "CONCAT_WS", "CONV", "CONVERT",
        "CRC32", "DATABASE", "DATE", "DATE_ADD", "DATE_FORMAT", "DATE_SUB", "DATEDIFF", "DAY", "DAYOFWEEK", "DAYOFYEAR", "DECIMAL",
        "DIV", "ELT", "EXP", "EXTRACT", "FIELD", "FIND_IN_SET", "FLOOR", "FORMAT", "FROM_BASE64", "FROM_DAYS", "FROM_UNIXTIME",
        "GREATEST", "HEX", "HOUR", "IF", "IFNULL", "IN", "INET_ATON", "INET_NTOA", "INSTR", "INTERVAL", "ISNULL", "JSON_ARRAY",
        "JSON_EXTRACT", "JSON_MERGE", "JSON_OBJECT", "JSON_QUOTE", "JSON_REMOVE", "JSON_REPLACE", "JSON_SET", "JSON_UNQUOTE",
        "JSON_VALUE", "LAST_DAY", "LCASE", "LEAST", "LEFT", "LENGTH", "LN", "LOCATE", "LOG", "LOG10", "LOG2", "LOWER", "LPAD", "LTRIM",
        "MAKEDATE", "MAKETIME", "MD5", "MICROSECOND", "MID", "MINUTE", "MOD", "MONTH", "NOT", "NULLIF", "OCT", "OCTET_LENGTH", "OR",
        "ORD", "PI", "POSITION", "POW", "POWER", "QUARTER", "QUOTE", "RADIANS", "REGEXP_REPLACE", "REGEXP_SUBSTR", "REPEAT", "REPLACE",
        "REVERSE", "RIGHT", "ROUND", "RPAD", "RTRIM", "SCHEMA", "SECOND", "SHA", "SHA1", "SHA2", "SIGN", "SIGNED", "SPACE", "SQRT",
        "STR_TO_DATE", "STRCMP", "SUBDATE", "SUBSTR", "SUBSTRING", "SUBSTRING_INDEX", "SUBTIME", "TIME", "TIME_FORMAT", "TIMEDIFF",
        "TIMESTAMP", "TIMESTAMPADD", "TIMESTAMPDIFF", "TO_BASE64", "TO_DAYS", "TRIM", "TRUNCATE", "UCASE", "UNCOMPRESS", "UNHEX",
        "UNSIGNED", "UPPER", "WEEK", "WEEKDAY", "XOR", "YEAR",
    };

    /// <summary>Without brackets behind them.</summary>
    private static readonly HashSet<string> Drawn = new(StringComparer.OrdinalIgnoreCase)
    {
        "SELECT", "EXISTS", "NEXT", "PREVIOUS", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER", "CURRENT_ROLE",
        "LOCALTIME", "LOCALTIMESTAMP", "UTC_DATE", "UTC_TIME", "UTC_TIMESTAMP", "SYSDATE", "VALUE", "ROWNUM",
    };

    /// <summary>Drawn, but of the clock, the session, or chance: what others write has no say in them.</summary>
    private static readonly HashSet<string> OfServer = new(StringComparer.OrdinalIgnoreCase)
    {
        "BENCHMARK", "CONNECTION_ID", "CURDATE", "CURRENT_DATE", "CURRENT_ROLE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER",
        "CURTIME", "FOUND_ROWS", "LAST_INSERT_ID", "LOCALTIME", "LOCALTIMESTAMP", "NOW", "RAND", "RANDOM_BYTES", "ROW_COUNT",
        "SESSION_USER", "SLEEP", "SYSDATE", "SYSTEM_USER", "UNIX_TIMESTAMP", "USER", "UTC_DATE", "UTC_TIME", "UTC_TIMESTAMP", "UUID",
        "UUID_SHORT", "VERSION",
    };

    /// <summary>What may be before a bracket in a query that only reads.</summary>
    private static readonly HashSet<string> OfQueries = new(StringComparer.OrdinalIgnoreCase)
    {
        "ALL", "ANY", "AS", "AVG", "BY", "COUNT", "DISTINCT", "ELSE", "EXISTS", "FROM", "GROUP_CONCAT", "HAVING", "JOIN", "LIKE", "MAX",
        "MIN", "ON", "SELECT", "SUM", "THEN", "UNION", "WHEN", "WHERE",
    };

    /// <summary>Variables of the server's that change without being set.</summary>
    private static readonly HashSet<string> Volatile = new(StringComparer.Ordinal)
    {
        "error_count", "identity", "in_transaction", "insert_id", "last_gtid", "last_insert_id", "pseudo_thread_id", "rand_seed1",
        "rand_seed2", "statement_id", "timestamp", "warning_count",
    };

    /// <summary>Whether a word may make another value each time.</summary>
    /// <param name="word">The word.</param>
    /// <param name="isCalled">A bracket is behind it.</param>
    public static bool IsDrawn(string word, bool isCalled) => isCalled ? !Deterministic.Contains(word) : Drawn.Contains(word);

    /// <summary>Whether a function that is called may read, lock or write what others do, too, such as a routine.</summary>
    public static bool TouchesData(string called) =>
        !Deterministic.Contains(called) && !OfServer.Contains(called) && !OfQueries.Contains(called);

    /// <summary>Whether such a variable changes without being set.</summary>
    /// <param name="name">Its name, with or without a scope.</param>
    public static bool IsVolatile(string name) => Volatile.Contains(name[(name.LastIndexOf('.') + 1)..]);
}
