using System.Collections.Immutable;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// What a session has besides what the protocol prepared for it (PostgreSQL manual, "DISCARD"): settings, statements prepared in SQL, what
/// it listens to, and what no statement can make again: temporary tables, advisory locks, cursors that outlive their transaction. All
/// texts are a byte a character (<see cref="PgText"/>).
/// </summary>
internal sealed record PgFacts
{
    /// <summary>Most of each kind that are kept of one session.</summary>
    public const int MostSettings = 256;

    private const string TooMany = "more of a kind than is kept of a session";
    private const string Role = "role";
    private const string Authorization = "session_authorization";

    /// <summary>What decides no statement's meaning.</summary>
    private static readonly HashSet<string> Meaningless =
    [
        "application_name", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout",
        "transaction_timeout", "client_min_messages", "synchronous_commit", "tcp_keepalives_idle",
    ];

    private static readonly ImmutableSortedDictionary<string, string> Empty =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Of a new session.</summary>
    public static PgFacts None { get; } = new();

    /// <summary>What holds until the session ends, in the order in which it was set last.</summary>
    public ImmutableArray<PgSetting> Settings { get; init; } = [];

    /// <summary>What holds until the transaction ends; null: what is so by default.</summary>
    public ImmutableSortedDictionary<string, string?> Local { get; init; } =
        ImmutableSortedDictionary.Create<string, string?>(StringComparer.Ordinal);

    /// <summary>Channels, and the statements that listen to them.</summary>
    public ImmutableSortedDictionary<string, string> Channels { get; init; } = Empty;

    /// <summary>Statements prepared in SQL, by name: the whole PREPARE.</summary>
    public ImmutableSortedDictionary<string, string> Prepared { get; init; } = Empty;

    /// <summary>Statements that load libraries, in order.</summary>
    public ImmutableArray<string> Libraries { get; init; } = [];

    /// <summary>Temporary tables and the like.</summary>
    public ImmutableHashSet<string> Temporary { get; init; } = [];

    /// <summary>Cursors WITH HOLD.</summary>
    public ImmutableHashSet<string> Cursors { get; init; } = [];

    /// <summary>Advisory locks of the session.</summary>
    public int Locks { get; init; }

    /// <summary>What else no statement makes again; null: nothing.</summary>
    public string? Other { get; init; }

    /// <summary>What a new connection cannot be given; null when nothing.</summary>
    public string? Lost => Other
        ?? (Temporary.Count > 0 ? "a temporary table" : Locks > 0 ? "an advisory lock" : Cursors.Count > 0 ? "a cursor" : null);

    /// <summary>What is said to a new connection, in order, so that it is where the session was.</summary>
    public IEnumerable<string> Statements =>
        [.. Libraries, .. Settings.Select(setting => setting.Statement), .. Prepared.Values, .. Channels.Values];

    /// <summary>All settings that have a say in what a statement means, the same for sessions that have the same.</summary>
    public string Context() => Settings.Length + Local.Count == 0 ? "" : string.Join('\n', Settings
        .Where(setting => !Local.ContainsKey(setting.Name))
        .Select(setting => (setting.Name, Value: (string?)setting.Value))
        .Concat(Local.Select(setting => (Name: setting.Key, setting.Value)))
        .Where(setting => setting.Value is not null && !Meaningless.Contains(setting.Name))
        .OrderBy(setting => setting.Name, StringComparer.Ordinal)
        .Select(setting => $"{setting.Name}={setting.Value}"));

    /// <summary>After a transaction: what was set for it alone holds no more.</summary>
    public PgFacts WithoutLocal() => Local.IsEmpty ? this : this with { Local = Local.Clear() };

    /// <summary>After all since a moment was rolled back, but for what knows of no transactions.</summary>
    public PgFacts BackTo(PgFacts before) => before with
    {
        Prepared = Prepared,
        Libraries = Libraries,
        Locks = Locks,
        Cursors = before.Cursors.Intersect(Cursors),
    };

    /// <summary>After one thing that a statement has done.</summary>
    public PgFacts With(in PgEffect effect) => effect.Kind switch
    {
        PgEffectKind.Set => Set(effect),
        PgEffectKind.SetLocal => Local.Count < MostSettings || Local.ContainsKey(effect.Name)
            ? this with { Local = Local.SetItem(effect.Name, effect.Value) }
            : this with { Other = TooMany },
        PgEffectKind.Reset => Without(effect.Name),
        PgEffectKind.ResetAll => this with
        {
            Settings = Settings.RemoveAll(setting => setting.Name is not (Role or Authorization)),
            Local = Local.Clear(),
        },
        PgEffectKind.DiscardAll => None with { Libraries = Libraries },
        PgEffectKind.DiscardTemporary => this with { Temporary = [] },
        PgEffectKind.Listen => Channels.Count < MostSettings
            ? this with { Channels = Channels.SetItem(effect.Name, effect.Statement) }
            : this with { Other = TooMany },
        PgEffectKind.Unlisten => this with { Channels = effect.Name.Length == 0 ? Channels.Clear() : Channels.Remove(effect.Name) },
        PgEffectKind.Prepare => Prepared.Count < MostSettings
            ? this with { Prepared = Prepared.SetItem(effect.Name, effect.Statement) }
            : this with { Other = "more prepared statements than are kept" },
        PgEffectKind.Deallocate => this with { Prepared = effect.Name.Length == 0 ? Prepared.Clear() : Prepared.Remove(effect.Name) },
        PgEffectKind.Hold => Cursors.Count < MostSettings
            ? this with { Cursors = Cursors.Add(effect.Name) }
            : this with { Other = TooMany },
        PgEffectKind.Close => this with { Cursors = effect.Name.Length == 0 ? [] : Cursors.Remove(effect.Name) },
        PgEffectKind.MakeTemporary => Temporary.Count < MostSettings
            ? this with { Temporary = Temporary.Add(effect.Name) }
            : this with { Other = TooMany },
        PgEffectKind.Drop => this with { Temporary = Temporary.Remove(effect.Name) },
        PgEffectKind.Lock => this with { Locks = Locks + 1 },
        PgEffectKind.Unlock => this with { Locks = Math.Max(0, Locks - 1) },
        PgEffectKind.UnlockAll => this with { Locks = 0 },
        PgEffectKind.Load => Libraries.Length < MostSettings
            ? this with { Libraries = Libraries.Remove(effect.Statement).Add(effect.Statement) }
            : this with { Other = TooMany },
        PgEffectKind.Lose => this with { Other = effect.Name },
        _ => throw new ArgumentOutOfRangeException(nameof(effect), effect.Kind, "No such effect."),
    };

    private PgFacts Set(in PgEffect effect)
    {
        var without = Without(effect.Name);
        return without.Settings.Length < MostSettings
            ? without with { Settings = without.Settings.Add(new PgSetting(effect.Name, effect.Value ?? "", effect.Statement)) }
            : without with { Other = "more settings than are kept" };
    }

    /// <summary>Another user has no role yet.</summary>
    private PgFacts Without(string name) => this with
    {
        Settings = Settings.RemoveAll(setting => setting.Name == name || (name == Authorization && setting.Name == Role)),
        Local = name == Authorization ? Local.Remove(name).Remove(Role) : Local.Remove(name),
    };
}

/// <summary>A setting of a session.</summary>
/// <param name="Name">In lower case.</param>
/// <param name="Value">What it is set to.</param>
/// <param name="Statement">What sets it.</param>
internal readonly record struct PgSetting(string Name, string Value, string Statement);
