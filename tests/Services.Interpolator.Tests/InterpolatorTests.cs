using JustRunIt.Events.Matrices;
using JustRunIt.Events.Resources;
using JustRunIt.Infrastructure;

namespace JustRunIt.Services.Interpolator.Tests;

/// <summary>The Interpolator as a process: the blanks between measured cells are filled, and flagged (§2.2.3).</summary>
public sealed class InterpolatorTests : IAsyncLifetime
{
    private readonly ServiceScene scene = new("JustRunIt.Services.Interpolator");

    public Task InitializeAsync() => scene.InitializeAsync();

    public Task DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task When_the_experiments_have_ended_the_blank_cells_are_filled_once()
    {
        await scene.GivenAsync(Shop.Matrix, Shop.Opened, Shop.Completed(0, 120), Shop.Completed(2, 80), Shop.Completed(4, 40));
        await scene.Bus.HearAsync<CellInterpolated>();
        await scene.Bus.HearAsync<MatrixFilled>();
        scene.Start();

        var ended = await scene.Bus.SayAsync(Shop.Ended);
        var (filled, causation) = await scene.UntilAsync<MatrixFilled>(Shop.Matrix);
        Assert.Equal((3, 2, 0), (filled.Measured, filled.Interpolated, filled.Blank));
        Assert.Equal(ended.ToString(), causation);
        var heard = await scene.Bus.UntilAsync<MatrixFilled>();
        Assert.Equal((ended.ToString(), Shop.Correlation), (heard.Causation, heard.CorrelationId));
        Assert.Equal(2, scene.Bus.All.Count(message => message.WireName == "justrunit.cell-interpolated.v2"));

        await scene.Bus.SayAsync(Shop.Ended, ended);
        await scene.Bus.SayAsync(Shop.Ended);
        await scene.UntilAsync("SELECT count(*) = 1 FROM justrunit.handled WHERE why = 'AlreadyHandled'");
        var matrix = await scene.LoadAsync<MatrixState>(Shop.Matrix);
        Assert.Equal(7, matrix.Version);
        Assert.Equal(100, matrix.State.Interpolated[new Cell(1)].Metrics[MetricNames.MeanMs]!.Value.Value, 9);
    }
}
