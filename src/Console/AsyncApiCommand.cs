using System.CommandLine;
using JustRunIt.Client.CommandLine;
using JustRunIt.Hosting.Messaging;

namespace JustRunIt.Console;

/// <summary><c>justrunit asyncapi</c>: prints what travels over the bus, as an AsyncAPI document.</summary>
internal static class AsyncApiCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new ExampleCommand(
            "asyncapi",
            "print what travels over the bus as an AsyncAPI 3 document: exchanges, queues, messages with schemas and examples, who "
                + "sends and receives; docs/asyncapi.json is this version's",
            "./justrunit asyncapi > asyncapi.json");
        command.SetAction(_ => System.Console.Write(AsyncApi.Text()));
        return command;
    }
}
