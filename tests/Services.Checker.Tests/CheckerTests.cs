using JustRunIt.Events;
using JustRunIt.Events.Matrices;
using JustRunIt.Infrastructure;

namespace JustRunIt.Services.Checker.Tests;

/// <summary>The Checker as a process: every interpolated value that a decision used is validated (§2.2.3).</summary>
public sealed class CheckerTests : IAsyncLifetime
{
    private readonly ServiceScene scene = new("JustRunIt.Services.Checker");

    public async Task InitializeAsync()
    {
        await scene.InitializeAsync();
        await scene.GivenAsync(
            Shop.Matrix,
            Shop.Opened,
            Shop.Completed(0, 120),
            Shop.Completed(2, 80),
            Shop.Completed(4, 40),
            Shop.Interpolated(1, 100),
            Shop.Interpolated(3, 60));
    }

    public Task DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task A_value_that_a_decision_used_is_asked_to_be_measured_and_then_compared()
    {
        await scene.Bus.HearAsync<ValidationScheduled>();
        await scene.Bus.HearAsync<MismatchDetected>();
        await scene.Bus.TakeAsync<ValidationRequested>(Catalog.Experimenter);
        scene.Start();

        var used = await scene.Bus.SayAsync(new InterpolationUsed(Shop.MatrixId, new Cell(1), Guid.NewGuid()));
        var (scheduled, causation) = await scene.UntilAsync<ValidationScheduled>(Shop.Matrix);
        Assert.Equal((new Cell(1), used.ToString()), (scheduled.Cell, causation));
        var heard = await scene.Bus.UntilAsync<ValidationScheduled>();
        Assert.Equal((used.ToString(), Shop.Correlation), (heard.Causation, heard.CorrelationId));
        var asked = await scene.Bus.UntilAsync<ValidationRequested>();
        Assert.Equal((heard.Id.ToString(), Shop.Correlation), (asked.Causation, asked.CorrelationId));

        var measured = await scene.Bus.SayAsync(Shop.Completed(1, 200, ExperimentPurpose.Validate));
        var (mismatch, _) = await scene.UntilAsync<MismatchDetected>(Shop.Matrix);
        Assert.Equal((100, 200, 0.5), (mismatch.Interpolated, mismatch.Measured, mismatch.RelativeDifference));
        Assert.Equal(measured.ToString(), (await scene.Bus.UntilAsync<MismatchDetected>()).Causation);
    }
}
