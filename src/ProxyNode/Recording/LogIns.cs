namespace JustRunIt.ProxyNode.Recording;

/// <summary>How somebody logged in at the server, which let him in: enough to tell whether somebody else knows the same password.</summary>
/// <param name="User">Who.</param>
internal abstract record LogIn(string User);

/// <summary>The last log-in of each user that the on-line server's next tier has let in; a clone's are held against them.</summary>
internal sealed class LogIns
{
    private const int MostUsers = 1000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, LogIn> byUser = new(StringComparer.Ordinal);

    /// <summary>Somebody was let in.</summary>
    public void Add(LogIn logIn)
    {
        lock (gate)
        {
            if (byUser.Count < MostUsers || byUser.ContainsKey(logIn.User))
                byUser[logIn.User] = logIn;
        }
    }

    /// <summary>How a user was let in the last time; null when he never was.</summary>
    public LogIn? Of(string user)
    {
        lock (gate)
            return byUser.GetValueOrDefault(user);
    }
}
