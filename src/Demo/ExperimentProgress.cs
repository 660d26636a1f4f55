using Spectre.Console;

namespace JustRunIt.Demo;

/// <summary>A bar while an experiment runs, on a terminal; a line now and then where the output goes to a file.</summary>
internal sealed class ExperimentProgress(IAnsiConsole console)
{
    private const int BarWidth = 30;
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(10);

    private readonly bool isTerminal = !Console.IsOutputRedirected;
    private (string Name, TimeSpan Length)? running;
    private DateTimeOffset begin;
    private DateTimeOffset lastLine;
    private bool barShown;

    /// <summary>Follows what experiments do.</summary>
    public void Hear(object message)
    {
        if (DemoNarrator.Beginning(message) is { } started)
            (running, begin, lastLine) = (started, DateTimeOffset.UtcNow, DateTimeOffset.UtcNow);
        else if (DemoNarrator.IsEnding(message))
            running = null;
    }

    /// <summary>Shows how far the running one is.</summary>
    public void Show()
    {
        if (running is not { } experiment)
            return;
        var fraction = Math.Clamp((DateTimeOffset.UtcNow - begin) / experiment.Length, 0, 1);
        if (isTerminal)
        {
            var filled = (int)(fraction * BarWidth);
            var bar = new string('#', filled) + new string('.', BarWidth - filled);
            Console.Write($"\r          {experiment.Name} [{bar}] {fraction:0%} ");
            barShown = true;
        }
        else if (DateTimeOffset.UtcNow - lastLine >= BetweenLines)
        {
            lastLine = DateTimeOffset.UtcNow;
            console.WriteLine($"          {experiment.Name}: {fraction:0%}");
        }
    }

    /// <summary>Makes room for a line.</summary>
    public void Clear()
    {
        if (!barShown)
            return;
        Console.Write($"\r{new string(' ', BarWidth + 50)}\r");
        barShown = false;
    }
}
