using System.CommandLine;
using JustRunIt.Console.Benchmarks;
using JustRunIt.Console.Demo;
using JustRunIt.Console.Hosts;
using JustRunIt.Console.Supervision;
using JustRunIt.Hosting.Configuration;

const int badInput = 2;
const int interrupted = 130;

var root = new RootCommand("JustRunIt: find by live experiments how much CPU and memory a service needs, and give it that")
{
    DemoCommand.Create(),
    UpCommand.Create(),
    BenchCommand.Create(),
    HostsCommand.Create(),
    CloneCommand.Create(),
};
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
        await Console.Error.WriteLineAsync(error.Message);
    await Console.Error.WriteLineAsync("'./justrunit --help' lists what is allowed");
    return badInput;
}

try
{
    // Told to end, it first ends what it started.
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
}
catch (OperationCanceledException)
{
    return interrupted;
}
catch (ConfigurationException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return badInput;
}
