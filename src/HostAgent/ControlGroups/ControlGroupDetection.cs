using JustRunIt.HostAgent.Configuration;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.HostAgent.ControlGroups;

/// <summary>Finds which version of control groups has the controllers here, from the mount table (proc(5), mountinfo).</summary>
internal static class ControlGroupDetection
{
    private const string Remedy =
        "run as root on a Linux with the cpu and memory controllers of control groups "
        + "(version 2: mounted at /sys/fs/cgroup; version 1: cpu, cpuacct and memory mounted)";

    /// <summary>The control groups that serve on this machine.</summary>
    /// <exception cref="ConfigurationException">None does; the message says the remedy.</exception>
    public static IControlGroups Detect(AgentSettings settings)
    {
        var group = $"justrunit-{settings.Agent}-{settings.Id}";
        var mounts = File.Exists("/proc/self/mountinfo") ? File.ReadAllLines("/proc/self/mountinfo") : [];
        var groups = FromMounts(mounts, group) ?? throw new ConfigurationException($"control groups: none usable; {Remedy}");
        try
        {
            groups.Create(GroupPath.Root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"control groups: {e.Message}; {Remedy}");
        }

        return groups;
    }

    /// <summary>Version 2 where it has both controllers, else version 1 where they are mounted; null where neither is.</summary>
    internal static IControlGroups? FromMounts(IEnumerable<string> mountInfo, string agentGroup)
    {
        string? cpu = null, accounting = null, memory = null, cores = null;
        foreach (var fields in mountInfo.Select(line => line.Split(' ')))
        {
            var separator = Array.IndexOf(fields, "-");
            if (separator < 0 || fields.Length < separator + 4)
                continue;
            var (point, type, options) = (fields[4], fields[separator + 1], fields[separator + 3].Split(','));
            if (type == "cgroup2" && HasControllers(point))
                return new ControlGroupsV2(point, agentGroup);
            if (type != "cgroup")
                continue;
            if (options.Contains("cpu"))
                cpu = point;
            if (options.Contains("cpuacct"))
                accounting = point;
            if (options.Contains("memory"))
                memory = point;
            if (options.Contains("cpuset"))
                cores = point;
        }

        return cpu is not null && accounting is not null && memory is not null
            ? new ControlGroupsV1(cpu, accounting, memory, cores, agentGroup)
            : null;
    }

    private static bool HasControllers(string mount)
    {
        var file = Path.Combine(mount, "cgroup.controllers");
        if (!File.Exists(file))
            return false;
        var controllers = File.ReadAllText(file).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return controllers.Contains("cpu") && controllers.Contains("memory");
    }
}
