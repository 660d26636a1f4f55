using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.ControlGroups;

namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// Sets caps in the shares of the agent's machines. The kernel may refuse for a moment what it takes right after: version 1 counts a
/// group that was removed until nobody can be reading it any more. So what is refused is tried again for a while.
/// </summary>
internal sealed class CapWriter(HostParts parts)
{
    private const int Attempts = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Sets one, at once or not at all.</summary>
    /// <exception cref="IOException">The kernel refuses, or the group is gone.</exception>
    public void Set(GroupPath group, CpuShare share) => parts.Groups.SetCpu(group, parts.Settings.Real(share), parts.Settings.QuotaPeriod);

    /// <summary>Gives a group all of this host's cores.</summary>
    /// <exception cref="IOException">The kernel refuses, or the group is gone.</exception>
    public void Free(GroupPath group) =>
        parts.Groups.SetCpu(group, new CpuShare(Environment.ProcessorCount), parts.Settings.QuotaPeriod);

    /// <summary>Sets one; what the kernel refuses is tried again for two seconds.</summary>
    /// <exception cref="IOException">The kernel refuses all the time, or the group is gone.</exception>
    public async Task SetAsync(GroupPath group, CpuShare share)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Set(group, share);
                return;
            }
            catch (IOException e) when (attempt < Attempts && e is not (FileNotFoundException or DirectoryNotFoundException))
            {
                await Task.Delay(Interval, parts.Clock);
            }
        }
    }
}
