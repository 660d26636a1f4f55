namespace JustRunIt.ProxyNode.MySql;

/// <summary>What a word of a statement is.</summary>
internal enum MySqlTokenKind
{
    /// <summary>A keyword, or a name without quotes.</summary>
    Word,

    /// <summary>A name in quotes.</summary>
    Name,

    /// <summary>A string.</summary>
    String,

    /// <summary>A number.</summary>
    Number,

    /// <summary>A variable of the user's: @name.</summary>
    Variable,

    /// <summary>A variable of the server's: @@name.</summary>
    System,

    /// <summary>Anything else.</summary>
    Mark,
}

/// <summary>A word of a statement.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Raw">As it is written.</param>
/// <param name="Text">
/// A name without its quotes; a variable in lower case, the user's with one @, the server's without any; of others as it is written.
/// </param>
/// <param name="Start">Its first byte.</param>
/// <param name="End">Behind its last byte.</param>
/// <param name="IsApart">White space or a comment is before it.</param>
internal readonly record struct MySqlToken(MySqlTokenKind Kind, string Raw, string Text, int Start, int End, bool IsApart)
{
    /// <summary>Whether it is a keyword, in whatever case.</summary>
    public bool Is(string keyword) => Kind == MySqlTokenKind.Word && string.Equals(Raw, keyword, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it is one of some keywords.</summary>
    public bool IsAny(params ReadOnlySpan<string> keywords)
    {
        foreach (var keyword in keywords)
        {
            if (Is(keyword))
                return true;
        }

        return false;
    }

    /// <summary>Whether it is such a mark.</summary>
    public bool IsMark(string mark) => Kind == MySqlTokenKind.Mark && Raw == mark;

    /// <summary>Whether it may be the name of something.</summary>
    public bool IsName => Kind is MySqlTokenKind.Word or MySqlTokenKind.Name;
}
