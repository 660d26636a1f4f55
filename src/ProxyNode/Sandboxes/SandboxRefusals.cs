namespace JustRunIt.ProxyNode.Sandboxes;

/// <summary>Who was not answered from a record, by reason.</summary>
internal sealed class SandboxRefusals
{
    private long source;
    private long user;
    private long password;

    /// <summary>It came from where no clone is.</summary>
    public void OfSource() => Interlocked.Increment(ref source);

    /// <summary>The server has not let such a user in while it was recorded, or in a way that cannot be repeated.</summary>
    public void OfUser() => Interlocked.Increment(ref user);

    /// <summary>The password is not the one with which the server let the user in.</summary>
    public void OfPassword() => Interlocked.Increment(ref password);

    /// <summary>The counts so far.</summary>
    public SandboxRefused Read() => new(Interlocked.Read(ref source), Interlocked.Read(ref user), Interlocked.Read(ref password));
}

/// <summary>Connections and log-ins at a sandbox address that were refused.</summary>
/// <param name="Source">Connections from where no clone is.</param>
/// <param name="User">Log-ins of a user whom the server has not let in while it was recorded.</param>
/// <param name="Password">Log-ins with another password than the server's.</param>
internal sealed record SandboxRefused(long Source, long User, long Password);
