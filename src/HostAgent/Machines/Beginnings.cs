using JustRunIt.HostAgent.ControlGroups;

namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// Starts and clones, noted before anything of them is made and until they serve: after a kill the next start ends what there is of
/// them, because they are noted to have served nobody, and not because nobody knows them.
/// </summary>
internal sealed class Beginnings(HostParts parts, RunningVms running)
{
    /// <summary>Makes something; whoever makes it holds its name, and leaves nothing on failure.</summary>
    /// <exception cref="HostException">Its name is taken, or it cannot be made.</exception>
    public async Task<T> BeginAsync<T>(string name, string machine, Func<Task<T>> make)
    {
        var group = GroupPath.Of(machine, name);
        if (parts.Groups.Processes(group) is { Count: > 0 } unknown)
        {
            throw new HostException($"{name}: its control group on machine {machine} has processes that it did not start "
                + $"({string.Join(", ", unknown.Take(5))})");
        }

        running.Begin(name, machine);
        try
        {
            return await make();
        }
        finally
        {
            // Where something of it cannot be ended, the next start tries again.
            if (parts.Groups.Processes(group).Count == 0)
                running.GiveUp(name);
        }
    }
}
