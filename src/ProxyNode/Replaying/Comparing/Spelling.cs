namespace JustRunIt.ProxyNode.Replaying.Comparing;

/// <summary>How a text spells what is not a letter, a digit, or one of a few other characters.</summary>
internal enum Spelling
{
    /// <summary>As it is, or nobody knows.</summary>
    Plain,

    /// <summary>Percent-encoded, as in targets of requests and in forms (RFC 3986 §2.1).</summary>
    Percent,

    /// <summary>As in strings of JSON (RFC 8259 §7).</summary>
    Json,
}
