namespace JustRunIt.HostAgent.ControlGroups;

/// <summary>A group below the agent's own: a machine's, or a virtual machine's below its machine's.</summary>
/// <param name="Machine">The machine; null for the agent's own group.</param>
/// <param name="Vm">The virtual machine; null for the machine's group.</param>
internal readonly record struct GroupPath(string? Machine, string? Vm)
{
    /// <summary>The agent's own group.</summary>
    public static GroupPath Root { get; } = new(null, null);

    /// <summary>A machine's group.</summary>
    public static GroupPath Of(string machine) => new(machine, null);

    /// <summary>A virtual machine's group.</summary>
    public static GroupPath Of(string machine, string vm) => new(machine, vm);

    /// <summary>This group and those above it, from the agent's own down.</summary>
    public IEnumerable<GroupPath> Levels =>
        Machine is null ? [Root] : Vm is null ? [Root, this] : [Root, Of(Machine), this];

    /// <summary>The folder below <paramref name="root"/>.</summary>
    public string Folder(string root) => (Machine, Vm) switch
    {
        (null, _) => root,
        (_, null) => Path.Combine(root, Machine),
        _ => Path.Combine(root, Machine, Vm),
    };
}
