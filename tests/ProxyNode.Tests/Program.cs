using JustRunIt.ProxyNode.Tests.Conversations;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Run as a program, the tests do what takes longer than a test: record vectors, fuzz, soak.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["record", var folder, .. var rest]:
                await VectorRecorder.RunAsync(folder, rest.FirstOrDefault());
                return 0;
            default:
                await Console.Error.WriteLineAsync("allowed: record FOLDER [PROTOCOL]");
                return 2;
        }
    }
}
