namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>What a word of SQL is.</summary>
internal enum PgTokenKind
{
    /// <summary>A key word or a name without quotes.</summary>
    Word,

    /// <summary>A name in double quotes.</summary>
    Name,

    /// <summary>A text: in quotes of whatever kind, or between dollars.</summary>
    Text,

    /// <summary>A number.</summary>
    Number,

    /// <summary>A parameter, such as <c>$1</c>.</summary>
    Parameter,

    /// <summary>An operator, a bracket, a comma or the like.</summary>
    Symbol,
}

/// <summary>A word of SQL.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Start">Where it begins in its text.</param>
/// <param name="End">Behind its last character.</param>
/// <param name="Content">Of a text or a name in quotes: what is between them. Of others, all.</param>
internal readonly record struct PgToken(PgTokenKind Kind, int Start, int End, Range Content);
