namespace JustRunIt.Infrastructure;

/// <summary>A way to administer the virtual hosts of a broker.</summary>
internal interface IVirtualHosts
{
    /// <summary>Names of all virtual hosts.</summary>
    Task<IReadOnlyList<string>> ListAsync();

    /// <summary>How many are best made by one call: more than one where a call costs much more than a virtual host.</summary>
    int Batch { get; }

    /// <summary>Makes virtual hosts in which the user may do everything.</summary>
    Task CreateAsync(IReadOnlyList<string> names, string user);

    /// <summary>Makes what definitions say: users, permissions, exchanges, queues.</summary>
    Task ImportAsync(string definitions);

    /// <summary>Deletes the virtual hosts that are there with all that is in them; their connections are closed.</summary>
    Task DeleteAsync(IReadOnlyList<string> names);

    /// <summary>The same for a process that ends and that nobody waits for; returns at once.</summary>
    void DeleteAfterwards(IReadOnlyList<string> names);
}
