using System.Reflection;
using JustRunIt.HostAgent.ControlGroups;

namespace JustRunIt.HostAgent.Tests;

/// <summary>A kernel that has one group of a server's, host-1/shop, and is told nothing.</summary>
public class TinyKernel : DispatchProxy
{
    private int process;

    internal static IControlGroups Of(int process)
    {
        var kernel = Create<IControlGroups, TinyKernel>();
        ((TinyKernel)(object)kernel).process = process;
        return kernel;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var path = args?.Length > 0 && args[0] is GroupPath given ? given : GroupPath.Root;
        return targetMethod!.Name switch
        {
            nameof(IControlGroups.Children) => (path.Machine, path.Vm) switch
            {
                (null, _) => new[] { "host-1" },
                ("host-1", null) => ["shop"],
                _ => Array.Empty<string>(),
            },
            nameof(IControlGroups.Processes) => path == GroupPath.Of("host-1", "shop") ? new[] { process } : [],
            nameof(IControlGroups.EntryFiles) => Array.Empty<string>(),
            "get_Cores" => Array.Empty<int>(),
            nameof(IControlGroups.HasOwnGroups) or "get_CanPin" => false,
            "get_Description" => "none",
            nameof(IControlGroups.CpuTime) => TimeSpan.Zero,
            nameof(IControlGroups.Throttling) => (0L, 0L),
            _ => null,
        };
    }
}
