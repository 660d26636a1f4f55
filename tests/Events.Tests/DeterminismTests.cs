using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace JustRunIt.Events.Tests;

/// <summary>The same messages give the same bytes in every process: no clock, no randomness and no hash order decides anything.</summary>
public sealed class DeterminismTests
{
    /// <summary>Rehearses, and says what came of it; the program of this assembly does the same.</summary>
    public static string Digest() => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Join('\n', Enumerable.Range(0, 20).Select(seed => new Rehearsal(seed).Play(400).Text())))));

    [Fact]
    public async Task Three_processes_with_hash_seeds_of_their_own_decide_the_same()
    {
        var digests = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => DigestOfAnotherProcessAsync()));
        Assert.All(digests, digest => Assert.Equal(Digest(), digest));
    }

    private static async Task<string> DigestOfAnotherProcessAsync()
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", ["exec", typeof(DeterminismTests).Assembly.Location])
        {
            RedirectStandardOutput = true,
        })!;
        var digest = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return digest.Trim();
    }
}
