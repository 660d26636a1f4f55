using System.Globalization;
using System.Runtime.InteropServices;
using JustRunIt.Samples.Core.CommandLine;

namespace JustRunIt.Samples.Emulating;

/// <summary>The program of a sample's client emulator.</summary>
public static class EmulatorProgram
{
    /// <summary>Runs it.</summary>
    /// <param name="args">Command line.</param>
    /// <param name="sample">Name of the sample.</param>
    /// <param name="mix">Name of the file with its mix, beside the program.</param>
    /// <param name="interactions">What its clients can do; a session begins with the first.</param>
    /// <param name="create">Makes a client of this number, from 0.</param>
    public static Task<int> RunAsync(
        string[] args, string sample, string mix, IReadOnlyList<string> interactions,
        Func<int, EmulatorOptions, Statistics, Client> create) =>
        Entry.RunAsync(args, EmulatorOptions.Parser(sample, mix), arguments =>
        {
            var options = EmulatorOptions.From(arguments, mix);
            return RunAsync(options, Mix.Read(options.Mix, interactions), create);
        });

    private static async Task<int> RunAsync(EmulatorOptions options, Mix mix, Func<int, EmulatorOptions, Statistics, Client> create)
    {
        var statistics = new Statistics();
        var population = new Population(options.ThinkTime, mix, number => create(number, options, statistics));
        using var stop = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        await population.ResizeAsync(options.Clients);
        var reporting = ReportAsync(stop.Token);
        var commands = Task.Run(ReadCommandsAsync);
        await reporting;
        await population.ResizeAsync(0);
        return 0;

        void End(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }

        async Task ReportAsync(CancellationToken ended)
        {
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
            var last = TimeProvider.System.GetTimestamp();
            try
            {
                while (await timer.WaitForNextTickAsync(ended))
                {
                    var now = TimeProvider.System.GetTimestamp();
                    Console.Out.WriteLine(
                        statistics.Take(DateTimeOffset.UtcNow, population.Count, TimeProvider.System.GetElapsedTime(last, now)));
                    last = now;
                }
            }
            catch (OperationCanceledException)
            {
                // Told to stop.
            }
        }

        // The end of the input is not the end of the run: the emulator may have been started without one.
        async Task ReadCommandsAsync()
        {
            while (await Console.In.ReadLineAsync() is { } line)
            {
                switch (line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    case []:
                        break;
                    case ["clients", var text] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                        && count <= EmulatorOptions.MaximumClients:
                        await population.ResizeAsync(count);
                        break;
                    case ["think", var text] when DurationText.TryParse(text, out var duration):
                        population.ThinkTime = duration;
                        break;
                    case ["stop"]:
                        await stop.CancelAsync();
                        return;
                    default:
                        await Console.Error.WriteLineAsync(
                            $"standard input: '{line}' is not allowed; 'clients N' (0 to {EmulatorOptions.MaximumClients}), 'think "
                                + "DURATION' and 'stop' are");
                        break;
                }
            }
        }
    }
}
