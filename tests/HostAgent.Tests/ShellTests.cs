using System.Diagnostics;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.Tests.Compliance;

namespace JustRunIt.HostAgent.Tests;

/// <summary>
/// Every shell program of the repository: shellcheck finds nothing in it; where that is not installed, it is at least read.
/// </summary>
public sealed class ShellTests
{
    private static readonly string[] NotOurs = ["bin", "obj", ".git", ".justrunit", "node_modules"];

    [Fact]
    public async Task Shellcheck_finds_nothing()
    {
        var files = Programs(new DirectoryInfo(Agent.Repository)).Order(StringComparer.Ordinal).ToList();
        Assert.Contains("justrunit", files.Select(Path.GetFileName));
        Assert.Contains("set-up-root.sh", files.Select(Path.GetFileName));
        if (Launcher.FindExecutable("shellcheck") is { } shellcheck)
        {
            var (code, output) = await RunAsync(shellcheck, ["--external-sources", "--format=gcc", .. files]);
            Assert.True(code == 0, output);
            return;
        }

        foreach (var file in files)
        {
            var (code, output) = await RunAsync("bash", ["-n", file]);
            Assert.True(code == 0, output);
        }
    }

    [Fact]
    public void No_line_is_longer_than_140_characters()
    {
        var tooLong = Programs(new DirectoryInfo(Path.Combine(Agent.Repository, "src")))
            .SelectMany(file => File.ReadLines(file).Select((line, index) => (file, number: index + 1, line)))
            .Where(line => line.line.Length > 140)
            .Select(line => $"{line.file}:{line.number}");
        Assert.Empty(tooLong);
    }

    private static IEnumerable<string> Programs(DirectoryInfo folder) =>
        folder.EnumerateFiles().Where(IsShell).Select(file => file.FullName)
            .Concat(folder.EnumerateDirectories().Where(inside => !NotOurs.Contains(inside.Name)).SelectMany(Programs));

    private static bool IsShell(FileInfo file)
    {
        if (file.Extension == ".sh")
            return true;
        if (file.Extension.Length > 0 || file.LinkTarget is not null)
            return false;
        using var reader = new StreamReader(file.FullName);
        return reader.ReadLine() is "#!/bin/sh" or "#!/bin/bash" or "#!/bin/busybox sh" or "#!/usr/bin/env bash";
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await error);
    }
}
