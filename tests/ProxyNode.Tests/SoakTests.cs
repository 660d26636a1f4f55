using JustRunIt.ProxyNode.Tests.Soaking;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Half a minute of what <c>justrunit soak</c> does for ten.</summary>
[Collection(Alone)]
public sealed class SoakTests
{
    /// <summary>What is counted is the whole process's: nothing else may run in it.</summary>
    private const string Alone = "alone in the process";

    [Fact]
    public async Task Resets_on_all_sides_leave_no_connection_buffer_or_descriptor_behind()
    {
        var result = await Soak.RunAsync(TimeSpan.FromSeconds(25), perSecond: 300);
        Assert.Null(result.Leak);
        Assert.True(result.Requests > 1000 && result.Broken > 20 && result.Duplicates > 100, $"{result}");
    }
}

/// <summary>Tests that run while no other does.</summary>
[CollectionDefinition("alone in the process", DisableParallelization = true)]
public sealed class AloneInTheProcess;
