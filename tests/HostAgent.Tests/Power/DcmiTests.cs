using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Power;

namespace JustRunIt.HostAgent.Tests.Power;

/// <summary>What ipmitool 1.8 prints for the DCMI command Get Power Reading.</summary>
public sealed class DcmiTests
{
    private const string Reading = """

            Instantaneous power reading:                   220 Watts
            Minimum during sampling period:                  6 Watts
            Maximum during sampling period:                427 Watts
            Average power reading over sample period:      218 Watts
            IPMI timestamp:                           Wed Mar  4 11:20:33 2026
            Sampling period:                          00000001 Seconds.
            Power reading state is:                   activated


        """;

    [Fact]
    public void The_instantaneous_reading_is_the_power_now() => Assert.Equal(new Watts(220), DcmiReading.Parse(Reading));

    [Theory]
    [InlineData("activated", "deactivated", "the management processor says that power measurement is deactivated")]
    [InlineData("220 Watts", "lots", "ipmitool answers without a line 'Instantaneous power reading: N Watts'")]
    [InlineData("Instantaneous", "Momentary", "ipmitool answers without a line 'Instantaneous power reading: N Watts'")]
    public void Anything_else_is_no_reading(string good, string bad, string reason) =>
        Assert.Equal(reason, Assert.Throws<PowerMeterException>(
            () => DcmiReading.Parse(Reading.Replace(good, bad, StringComparison.Ordinal))).Message);

    [Fact]
    public void An_empty_answer_is_no_reading() => Assert.Throws<PowerMeterException>(() => DcmiReading.Parse(""));

    [Fact]
    public async Task A_management_processor_that_cannot_be_asked_gives_one_line_with_the_tool_s_own()
    {
        // Without the tool, or without a management processor; where there are both, it answers.
        var problem = await Record.ExceptionAsync(async () =>
        {
            using var meter = DcmiMeter.Open(new IpmiSettings(null, 623, null, null));
            await meter.ReadAsync(CancellationToken.None);
        });
        Assert.True(
            problem is null || problem is PowerMeterException { Message: ['i', 'p', 'm', 'i', 't', 'o', 'o', 'l', ..] }
                && !problem.Message.Contains('\n'), problem?.Message);
    }
}
