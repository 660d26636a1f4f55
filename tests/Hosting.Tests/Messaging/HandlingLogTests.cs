using System.Text.Json;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Messaging;
using RabbitMQ.Client;
using Serilog.Events;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>What a process logs of the messages that it handles, or cannot handle.</summary>
public sealed class HandlingLogTests : IAsyncLifetime
{
    private readonly BusScene scene = new();

    public Task InitializeAsync() => scene.InitializeAsync();

    public Task DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task One_line_for_each_message_with_where_it_comes_from_as_properties()
    {
        await scene.StartAsync();
        var (id, correlation, causation) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        await scene.AskAsync(new BasicProperties
        {
            MessageId = id.ToString(),
            CorrelationId = correlation.ToString(),
            Headers = new Dictionary<string, object?>
            {
                ["justrunit-causation"] = causation.ToString(),
                ["justrunit-stream"] = "service/shop",
                ["justrunit-stream-version"] = 17L,
            },
        });
        await scene.LineAsync(line => line.Message.StartsWith("handled ", StringComparison.Ordinal), "the line");
        var line = Assert.Single(scene.Lines(), line => line.Message.StartsWith("handled ", StringComparison.Ordinal));
        Assert.StartsWith($"handled {Wire.NameOf(typeof(HostsAsked))} in ", line.Message);
        Assert.Equal(LogEventLevel.Information, line.Level);
        Assert.Equal(correlation, line.CorrelationId);
        using var properties = JsonDocument.Parse(line.Json);
        Assert.Equal(id.ToString(), properties.RootElement.GetProperty("MessageId").GetString());
        Assert.Equal(causation.ToString(), properties.RootElement.GetProperty("CausationId").GetString());
        Assert.Equal("service/shop", properties.RootElement.GetProperty("Stream").GetString());
        Assert.Equal(17, properties.RootElement.GetProperty("StreamVersion").GetInt64());
        Assert.Equal(BusScene.Reader, properties.RootElement.GetProperty("Service").GetString());
        Assert.Equal(Environment.MachineName, properties.RootElement.GetProperty("Host").GetString());
        Assert.Equal(1010, properties.RootElement.GetProperty("EventId").GetProperty("Id").GetInt32());
    }

    [Fact]
    public async Task A_lost_race_is_decided_again_with_one_short_line_each_and_no_stack_trace()
    {
        scene.Retries = new RetryRules(_ => false, e => e is InvalidOperationException);
        scene.Work = attempt => attempt <= 2 ? throw new InvalidOperationException("the stream has moved on") : Task.CompletedTask;
        await scene.StartAsync();
        await scene.AskAsync(new BasicProperties { MessageId = Guid.NewGuid().ToString() });
        await scene.AnswerAsync();
        await scene.LineAsync(line => line.Message.StartsWith("handled ", StringComparison.Ordinal), "the line");
        Assert.Equal(
            [
                "somebody else was faster, decided again (1): InvalidOperationException: the stream has moved on",
                "somebody else was faster, decided again (2): InvalidOperationException: the stream has moved on",
            ],
            scene.Lines().Where(line => line.Message.Contains("moved on", StringComparison.Ordinal)).Select(line => line.Message));
        Assert.DoesNotContain(scene.Lines(), line => line.Json.Contains("\"@x\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_cannot_be_handled_is_one_line_with_its_reason()
    {
        scene.Work = _ => throw new MalformedMessageException("field: 'x'; allowed is y");
        await scene.StartAsync();
        var correlation = Guid.NewGuid();
        await scene.AskAsync(new BasicProperties { MessageId = Guid.NewGuid().ToString(), CorrelationId = correlation.ToString() });
        await scene.AskAsync(new BasicProperties { MessageId = Guid.NewGuid().ToString() }, "{\"requestId\": 5}");
        await scene.AskAsync(new BasicProperties { MessageId = Guid.NewGuid().ToString() }, "no JSON");
        await scene.LineAsync(_ => scene.Lines().Count(line => line.Level == LogEventLevel.Error) == 3, "three errors");
        var name = Wire.NameOf(typeof(HostsAsked));
        var errors = scene.Lines().Where(line => line.Level == LogEventLevel.Error).ToList();
        Assert.Equal($"{name} cannot be handled and goes to the error queue: field: 'x'; allowed is y", errors[0].Message);
        Assert.Equal(correlation, errors[0].CorrelationId);
        Assert.All(errors, error => Assert.StartsWith($"{name} cannot be handled and goes to the error queue: ", error.Message));
        Assert.Contains("$.requestId", errors[1].Message);
        Assert.DoesNotContain(scene.Lines(), line => line.Json.Contains("\"@x\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failure_of_ours_has_its_details_in_the_file_and_one_line_for_people()
    {
        scene.Work = _ => throw new IOException("no space left");
        await scene.StartAsync();
        await scene.AskAsync(new BasicProperties { MessageId = Guid.NewGuid().ToString() });
        var line = await scene.LineAsync(line => line.Level == LogEventLevel.Error, "an error");
        Assert.EndsWith("goes to the error queue: IOException: no space left", line.Message);
        Assert.Contains("   at ", line.Json);
        Assert.Single(scene.Lines(), other => other.Message.Contains("no space left", StringComparison.Ordinal));
    }
}
