using System.Text;
using JustRunIt.Events.Hosts;
using JustRunIt.Hosting.Messaging;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using Serilog.Events;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>One chain of correlation and cause through everything that consumers say, as it is on the wire.</summary>
public sealed class CausationTests : IAsyncLifetime
{
    private readonly BusScene scene = new();

    public Task InitializeAsync() => scene.InitializeAsync();

    public Task DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task An_answer_bears_the_correlation_of_its_question_and_names_it_as_its_cause()
    {
        await scene.StartAsync();
        var (question, correlation) = (Guid.NewGuid(), Guid.NewGuid());
        await scene.AskAsync(new BasicProperties { MessageId = question.ToString(), CorrelationId = correlation.ToString() });
        var answer = await scene.AnswerAsync();
        Assert.Equal(correlation.ToString(), answer.BasicProperties.CorrelationId);
        Assert.Equal(question.ToString(), BusScene.Header(answer, "justrunit-causation"));
        Assert.True(Guid.TryParse(answer.BasicProperties.MessageId, out var id) && id != question);
    }

    [Fact]
    public async Task It_does_so_however_long_the_work_took_and_on_whatever_thread_it_ended()
    {
        var released = new TaskCompletionSource();
        scene.Work = _ => released.Task;
        await scene.StartAsync();
        var (question, correlation) = (Guid.NewGuid(), Guid.NewGuid());
        await scene.AskAsync(new BasicProperties { MessageId = question.ToString(), CorrelationId = correlation.ToString() });
        new Thread(released.SetResult).Start();
        var answer = await scene.AnswerAsync();
        Assert.Equal(correlation.ToString(), answer.BasicProperties.CorrelationId);
        Assert.Equal(question.ToString(), BusScene.Header(answer, "justrunit-causation"));
    }

    [Fact]
    public async Task A_question_without_correlation_begins_one()
    {
        await scene.StartAsync();
        var question = Guid.NewGuid().ToString();
        await scene.AskAsync(new BasicProperties { MessageId = question });
        var answer = await scene.AnswerAsync();
        Assert.Equal(question, answer.BasicProperties.CorrelationId);
        Assert.Equal(question, BusScene.Header(answer, "justrunit-causation"));
    }

    [Fact]
    public async Task A_correlation_may_also_be_a_header()
    {
        await scene.StartAsync();
        var correlation = Guid.NewGuid().ToString();
        await scene.AskAsync(new BasicProperties
        {
            MessageId = Guid.NewGuid().ToString(),
            Headers = new Dictionary<string, object?> { ["justrunit-correlation"] = Encoding.UTF8.GetBytes(correlation) },
        });
        Assert.Equal(correlation, (await scene.AnswerAsync()).BasicProperties.CorrelationId);
    }

    [Theory]
    [InlineData("order-17")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("a line\u001b[31m\nand another")]
    public async Task A_correlation_that_is_no_uuid_is_ignored_and_said_so_in_one_line(string malformed)
    {
        await scene.StartAsync();
        var question = Guid.NewGuid().ToString();
        await scene.AskAsync(new BasicProperties { MessageId = question, CorrelationId = malformed });
        Assert.Equal(question, (await scene.AnswerAsync()).BasicProperties.CorrelationId);
        var line = await scene.LineAsync(
            line => line.Level == LogEventLevel.Warning && line.Message.Contains("correlation_id", StringComparison.Ordinal), "a warning");
        Assert.StartsWith("correlation_id: '", line.Message);
        Assert.EndsWith("' is ignored; allowed is a UUID", line.Message);
        Assert.DoesNotContain(line.Message, char.IsControl);
    }

    [Fact]
    public async Task A_report_that_nobody_asked_for_is_its_own_correlation_and_has_no_cause()
    {
        var host = await scene.StartAsync();
        await host.Services.GetRequiredService<IBus>().Publish(new VmExited("agent", "vm", null, "by itself"));
        var report = await scene.AnswerAsync();
        Assert.Equal(report.BasicProperties.MessageId, report.BasicProperties.CorrelationId);
        Assert.Null(BusScene.Header(report, "justrunit-causation"));
    }

    [Fact]
    public async Task The_publisher_of_the_relay_writes_the_cause_too()
    {
        await scene.StartAsync();
        await using var publisher = await Publisher.ConnectAsync(scene.Address, "test", CancellationToken.None);
        var headers = new JustRunIt.Hosting.Messaging.MessageHeaders(
            Guid.NewGuid(), Guid.NewGuid(), DateTimeOffset.UnixEpoch, "service/shop", 7, CausationId: Guid.NewGuid());
        await publisher.PublishAsync(
            Names.Exchange(typeof(VmExited)), "{}"u8.ToArray(), headers, CancellationToken.None);
        var message = await scene.AnswerAsync();
        Assert.Equal(headers.CausationId.ToString(), BusScene.Header(message, "justrunit-causation"));
        Assert.Equal(headers.CorrelationId.ToString(), message.BasicProperties.CorrelationId);
    }
}
