using JustRunIt.Events.Matrices;
using Spectre.Console;

namespace JustRunIt.Console.Demo;

/// <summary>A bar while an experiment runs, on a terminal; a line now and then where the output goes to a file.</summary>
internal sealed class ExperimentProgress(IAnsiConsole console)
{
    private const int BarWidth = 30;
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(10);

    private readonly bool isTerminal = !System.Console.IsOutputRedirected;
    private ExperimentStarted? running;
    private DateTimeOffset lastLine;
    private bool barShown;

    /// <summary>Follows what experiments do.</summary>
    public void Hear(object message)
    {
        switch (message)
        {
            case ExperimentStarted started:
                (running, lastLine) = (started, DateTimeOffset.UtcNow);
                break;
            case ExperimentCompleted or ExperimentFailed or ExperimentsEnded:
                running = null;
                break;
        }
    }

    /// <summary>Shows how far the running one is.</summary>
    public void Show()
    {
        if (running is null)
            return;
        var expected = running.Durations.WarmUp + running.Durations.Measure + running.Durations.TimeShift;
        var fraction = Math.Clamp((DateTimeOffset.UtcNow - running.At) / expected, 0, 1);
        if (isTerminal)
        {
            var filled = (int)(fraction * BarWidth);
            System.Console.Write($"\r          experiment at {running.Cpu} [{new string('#', filled)}{new string('.', BarWidth - filled)}] {fraction:0%} ");
            barShown = true;
        }
        else if (DateTimeOffset.UtcNow - lastLine >= BetweenLines)
        {
            lastLine = DateTimeOffset.UtcNow;
            console.WriteLine($"          experiment at {running.Cpu}: {fraction:0%}");
        }
    }

    /// <summary>Makes room for a line.</summary>
    public void Clear()
    {
        if (!barShown)
            return;
        System.Console.Write($"\r{new string(' ', BarWidth + 50)}\r");
        barShown = false;
    }
}
