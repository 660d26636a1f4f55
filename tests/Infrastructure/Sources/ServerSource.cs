namespace JustRunIt.Infrastructure.Sources;

/// <summary>Where a server that tests run against comes from, in the order in which they are tried.</summary>
public enum ServerSource
{
    /// <summary>It runs already: its address is in the environment.</summary>
    Environment,

    /// <summary>A container of the engine that answers here.</summary>
    Containers,

    /// <summary>A private one is started on this machine.</summary>
    Local,
}
