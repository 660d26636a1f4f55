using System.Net;
using System.Net.Sockets;

namespace JustRunIt.Hosting.Tests;

/// <summary>How a process ends that has failed: one line, exit code 1, never an abort (134) with a stack trace.</summary>
public sealed class ServiceProgramTests
{
    [Theory]
    [InlineData("build", "IOException: what is built fails")]
    [InlineData("start", "the process ends: InvalidOperationException: the start fails")]
    [InlineData("background", "the process ends: InvalidOperationException: the work fails")]
    [InlineData("thread", "InvalidOperationException: the thread fails")]
    public async Task A_failure_is_one_line_on_standard_error_and_exit_code_1(string kind, string line)
    {
        var (exitCode, output, errors) = await Trial.RunAsync(kind);
        Assert.Equal(1, exitCode);
        Assert.EndsWith(line, Assert.Single(Lines(errors)));
        Assert.Empty(output);
    }

    [Fact]
    public async Task The_details_are_in_the_log_file()
    {
        var folder = Directory.CreateTempSubdirectory("justrunit-logs-");
        try
        {
            await Trial.RunAsync("background", new() { [EnvironmentVariables.Logs] = folder.FullName });
            var file = Assert.Single(folder.GetFiles());
            Assert.Contains("at JustRunIt.Hosting.Tests.TrialProgram.Background.ExecuteAsync", await File.ReadAllTextAsync(file.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(
        EnvironmentVariables.LogLevel,
        "Loud",
        "environment: JUSTRUNIT_LOG_LEVEL: 'Loud'; allowed is Verbose, Debug, Information, Warning, Error or Fatal")]
    [InlineData("JUSTRUNIT_LOG_LEVEL__MassTransit", "7", "environment: JUSTRUNIT_LOG_LEVEL__MassTransit: '7'; allowed is ")]
    [InlineData(
        EnvironmentVariables.Logs,
        "/dev/null/logs",
        "environment: JUSTRUNIT_LOGS: '/dev/null/logs'; allowed is a folder in which files can be written: ")]
    public async Task A_wrong_setting_is_one_line_and_exit_code_2(string variable, string value, string line)
    {
        var (exitCode, output, errors) = await Trial.RunAsync("idle", new() { [variable] = value });
        Assert.Equal(2, exitCode);
        Assert.StartsWith(line, Assert.Single(Lines(errors)));
        Assert.Empty(output);
    }

    [Theory]
    [InlineData("")]
    [InlineData("amqp//guest:geheim@host")]
    [InlineData("http://guest:geheim@host/")]
    public async Task A_malformed_address_is_one_line_without_its_password(string address)
    {
        var (exitCode, output, errors) = await Trial.RunAsync("bus", new() { [EnvironmentVariables.RabbitMq] = address });
        Assert.Equal(2, exitCode);
        Assert.StartsWith("environment: JUSTRUNIT_RABBITMQ", Assert.Single(Lines(errors)));
        Assert.DoesNotContain("geheim", errors + output);
    }

    [Fact]
    public async Task A_broker_that_is_not_there_is_waited_for_in_one_line_and_no_log_at_any_level_has_a_password()
    {
        var folder = Directory.CreateTempSubdirectory("justrunit-logs-");
        try
        {
            using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            var port = ((IPEndPoint)closed.LocalEndPoint!).Port;
            var (exitCode, output, errors) = await Trial.RunAsync(
                [typeof(TrialProgram).Assembly.Location, "bus"],
                new()
                {
                    [EnvironmentVariables.RabbitMq] = $"amqp://someone:geheim-9d@127.0.0.1:{port}/",
                    [EnvironmentVariables.Logs] = folder.FullName,
                    [EnvironmentVariables.LogLevel] = "Verbose",
                    ["JUSTRUNIT_LOG_LEVEL__MassTransit"] = "Verbose",
                    ["JUSTRUNIT_LOG_LEVEL__Microsoft"] = "Verbose",
                },
                until: said => said.Contains("waiting for", StringComparison.Ordinal));
            Assert.True(exitCode == 0, $"{exitCode}: {errors}{output}");
            Assert.Contains($"waiting for RabbitMQ at 127.0.0.1:{port}: ", output);
            Assert.DoesNotContain("   at ", output + errors);
            var logged = await File.ReadAllTextAsync(Assert.Single(folder.GetFiles()).FullName);
            Assert.Contains("waiting for", logged);
            Assert.DoesNotContain("geheim", output + errors + logged);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
