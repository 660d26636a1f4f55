namespace JustRunIt.Infrastructure;

/// <summary>A way to administer the virtual hosts of a broker.</summary>
internal interface IVirtualHosts
{
    /// <summary>Names of all virtual hosts.</summary>
    Task<IReadOnlyList<string>> ListAsync();

    /// <summary>Makes a virtual host in which the user may do everything.</summary>
    Task CreateAsync(string name, string user);

    /// <summary>Deletes the virtual host with all that is in it; its connections are closed.</summary>
    Task DeleteAsync(string name);
}
