namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>What a statement does to its session.</summary>
internal enum PgEffectKind
{
    /// <summary>Sets something.</summary>
    Set,

    /// <summary>Sets something up to the transaction's end; without a value, to what it is by default.</summary>
    SetLocal,

    /// <summary>Sets something to what it is by default.</summary>
    Reset,

    /// <summary>RESET ALL: not who the session's user is.</summary>
    ResetAll,

    /// <summary>DISCARD ALL.</summary>
    DiscardAll,

    /// <summary>Gives its temporary tables up.</summary>
    DiscardTemporary,

    /// <summary>Listens to a channel.</summary>
    Listen,

    /// <summary>Listens to a channel no more; without a name, to none.</summary>
    Unlisten,

    /// <summary>Prepares a statement in SQL.</summary>
    Prepare,

    /// <summary>Gives a prepared statement up; without a name, all.</summary>
    Deallocate,

    /// <summary>Has a cursor that outlives its transaction.</summary>
    Hold,

    /// <summary>Gives a cursor up; without a name, all.</summary>
    Close,

    /// <summary>Makes a temporary table, view, sequence or the like.</summary>
    MakeTemporary,

    /// <summary>Drops a table or the like, which may be a temporary one.</summary>
    Drop,

    /// <summary>Takes an advisory lock of the session.</summary>
    Lock,

    /// <summary>Gives one back.</summary>
    Unlock,

    /// <summary>Gives all back.</summary>
    UnlockAll,

    /// <summary>Loads a library.</summary>
    Load,

    /// <summary>Has something from here on that no statement makes again.</summary>
    Lose,
}

/// <summary>One of the things that a statement does to its session.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Name">Of what.</param>
/// <param name="Value">What is set; null: what it is by default.</param>
/// <param name="Statement">What is said to a new connection so that it has the same.</param>
internal readonly record struct PgEffect(PgEffectKind Kind, string Name = "", string? Value = null, string Statement = "");

/// <summary>How a statement changes the course of a transaction.</summary>
internal enum PgStep
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>BEGIN.</summary>
    Begins,

    /// <summary>COMMIT, or PREPARE TRANSACTION.</summary>
    Commits,

    /// <summary>ROLLBACK.</summary>
    RollsBack,

    /// <summary>SAVEPOINT.</summary>
    Saves,

    /// <summary>ROLLBACK TO SAVEPOINT.</summary>
    Returns,

    /// <summary>RELEASE SAVEPOINT.</summary>
    Releases,
}

/// <summary>All that a statement does to its session, if it succeeds.</summary>
/// <param name="Effects">In order.</param>
/// <param name="Step">Of the transaction.</param>
/// <param name="Savepoint">Which, where it is about one.</param>
/// <param name="Chains">Whether another transaction begins at once (AND CHAIN).</param>
internal sealed record PgCommand(IReadOnlyList<PgEffect> Effects, PgStep Step = PgStep.None, string Savepoint = "", bool Chains = false)
{
    /// <summary>Whether it does anything.</summary>
    public bool Matters => Step != PgStep.None || Effects.Count > 0;

    /// <summary>What it takes to keep it, in characters.</summary>
    public int Size { get; } = Effects.Sum(effect => effect.Name.Length + (effect.Value?.Length ?? 0) + effect.Statement.Length);

    /// <summary>Of a statement of which only the beginning was read: what it does besides is not known.</summary>
    public PgCommand CutOff() => Effects.Count == 0 ? this : new PgCommand([.. Effects, PgEffects.Unread], Step, Savepoint, Chains);
}
