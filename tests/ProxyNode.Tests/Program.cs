using System.CommandLine;
using JustRunIt.ProxyNode.Tests.Conversations;
using JustRunIt.ProxyNode.Tests.Fuzzing;
using JustRunIt.ProxyNode.Tests.Soaking;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Run as a program, the tests do what takes longer than a test: fuzz, soak, record vectors.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) =>
        new RootCommand("Trials of the proxies that take longer than a test")
        {
            FuzzCommand.Command, SoakCommand.Command, VectorRecorder.Command
        }.Parse(args).InvokeAsync();
}
