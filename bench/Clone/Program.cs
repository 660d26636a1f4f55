using System.Globalization;
using System.Text.Json;
using JustRunIt.Bench.Clone;
using JustRunIt.Client.CommandLine;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Machines;

// What cloning costs the original and how long it takes, against the size of its heap, for each back end that works here; and
// how precisely a cap of CPU holds.
(double Share, int Loops)[] shares = [(0.05, 1), (0.05, 2), (0.1, 2), (0.3, 2), (0.6, 2), (1.0, 2), (1.5, 2), (1.5, 4)];
const int repetitions = 5;
int[] movedHeaps = [50, 200];
const int moveRepetitions = 5;
return await CommandProgram.RunAsync(Options.Command(MeasureAsync), args, "bench");

async Task MeasureAsync(Options options)
{
    var json = options.Json;
    var backEnds = BackEndRegistry.All.Where(backEnd => options.BackEnd is not { } only || backEnd.Name == only).ToList();
    var home = Environment.GetEnvironmentVariable("JUSTRUNIT_HOME") ?? Directory.GetCurrentDirectory();
    var moves = new List<MoveFigures>();
    if (options.Does("moves"))
        Console.WriteLine(
            $"{"back end",-10}{"heap MB",8}{"open ms",10}{"new ms",10}{"total ms",10}   a move between two agents, medians of "
                + $"{moveRepetitions}; open and new: longest wait of a client");
    foreach (var backEnd in backEnds.Where(backEnd => options.Does("moves") && backEnd.Name != "process"))
    {
        await using var here = new Host(backEnd, home, "-here");
        await using var there = new Host(backEnd, home, "-there");
        if (await here.ProblemAsync() is { } problem)
        {
            Console.WriteLine($"{backEnd.Name,-10}not measured: {problem}");
            continue;
        }

        await here.RecoverAsync();
        await there.RecoverAsync();
        foreach (var heap in movedHeaps)
        {
            var figures = await MoveFigures.MeasureAsync(backEnd, here, there, heap, moveRepetitions);
            moves.Add(figures);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{backEnd.Name,-10}{heap,8}{figures.LongestOnOpen.TotalMilliseconds,10:0}"
                    + $"{figures.LongestOnNew.TotalMilliseconds,10:0}{figures.Total.TotalMilliseconds,10:0}"));
        }
    }

    var clones = new List<CloneFigures>();
    if (options.Does("clones"))
        Console.WriteLine(
            $"\n{"back end",-10}{"heap MB",8}{"pause ms",10}{"open ms",10}{"new ms",10}{"total ms",10}{"MB moved",10}   medians "
                + $"of {repetitions}; open and new: longest wait of a client on an open and on a new connection");
    foreach (var backEnd in backEnds.Where(_ => options.Does("clones")))
    {
        await using var host = new Host(backEnd, home);
        if (await host.ProblemAsync() is { } problem)
        {
            Console.WriteLine($"{backEnd.Name,-10}not measured: {problem}");
            continue;
        }

        await host.RecoverAsync();
        foreach (var heap in options.Heaps)
        {
            try
            {
                var figures = await host.MeasureAsync(heap, repetitions);
                clones.Add(figures);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{backEnd.Name,-10}{heap,8}{figures.Pause.TotalMilliseconds,10:0}"
                        + $"{figures.LongestOnOpen.TotalMilliseconds,10:0}{figures.LongestOnNew.TotalMilliseconds,10:0}"
                        + $"{figures.Total.TotalMilliseconds,10:0}{figures.Bytes / 1e6,10:0}{(figures.Cold ? "   cold" : "")}"));
            }
            catch (HostException e)
            {
                Console.WriteLine($"{backEnd.Name,-10}{heap,8}   failed: {e.Message}");
            }
        }
    }

    if (options.Does("caps"))
        Console.WriteLine(
            $"\n{"cap",-8}{"loops",8}{"used of it",12}{"periods held back",20}   busy loops for {CapFigures.Length.TotalSeconds:0} s");
    var caps = new List<CapFigures>();
    foreach (var (share, loops) in shares.Where(cap => options.Does("caps") && cap.Share < Environment.ProcessorCount))
    {
        var figures = await CapFigures.MeasureAsync(share, loops);
        caps.Add(figures);
        Console.WriteLine(
            FormattableString.Invariant($"{share,-8:0%}{loops,8}{figures.Used / share,12:0.000 %}{figures.Throttled,20:0 %}"));
    }

    if (json is not null)
        await File.WriteAllTextAsync(
            json,
            JsonSerializer.Serialize(
                new { clones, moves, caps }, new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true }));
    if (clones.Count == 0)
        return;
    var plot = json is null ? Path.Combine(home, ".justrunit", "bench-clone.png") : Path.ChangeExtension(json, ".png");
    Figure.Save(clones, plot);
    Console.WriteLine($"Plot: {plot}");
}
