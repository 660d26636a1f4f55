using JustRunIt.ProxyNode.Tests.Soaking;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>A short while of what <c>justrunit soak</c> does for ten.</summary>
public sealed class SoakTests
{
    [Fact]
    public async Task Resets_on_all_sides_leave_no_connection_buffer_or_descriptor_behind()
    {
        var result = await Soak.RunAsync(TimeSpan.FromSeconds(10), perSecond: 750);
        Assert.Null(result.Leak);
        Assert.True(result.Requests > 1000 && result.Broken > 20 && result.Duplicates > 100, $"{result}");
    }
}
