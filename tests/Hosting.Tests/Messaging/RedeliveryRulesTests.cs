using JustRunIt.Hosting.Messaging;
using RabbitMQ.Client;

namespace JustRunIt.Hosting.Tests.Messaging;

/// <summary>How long and under whose name a message is delivered again, which no broker is needed for.</summary>
public sealed class RedeliveryRulesTests
{
    [Fact]
    public void What_waits_for_a_server_is_tried_every_few_seconds_for_a_minute_and_every_minute_for_five_and_a_half_hours()
    {
        var schedule = RedeliverySchedule.Default;
        Assert.Equal(TimeSpan.FromSeconds(5), schedule.DelayAfter(0));
        Assert.Equal(TimeSpan.FromSeconds(5), schedule.DelayAfter(11));
        Assert.Equal(TimeSpan.FromMinutes(1), schedule.DelayAfter(12));
        Assert.Equal(TimeSpan.FromMinutes(1), schedule.DelayAfter(341));
        Assert.Null(schedule.DelayAfter(342));
        Assert.Equal(TimeSpan.FromHours(5.5) + TimeSpan.FromMinutes(1), schedule.Total);
    }

    [Theory]
    [InlineData("sender", null, "sender")]
    [InlineData("sender", "forged", "sender")]
    [InlineData(null, "forged", null)]
    [InlineData("reader", "sender", "sender")]
    public void What_a_reader_puts_back_tells_who_sent_it_first(string? user, string? header, string? expected)
    {
        var back = Hosting.Messaging.MessageHeaders.PutBackBy("reader", Sent(user, header));

        Assert.Equal("reader", back.UserId);
        Assert.Equal(expected, SenderIn(back));
    }

    [Theory]
    [InlineData("sender", null, "sender")]
    [InlineData("sender", "forged", "sender")]
    [InlineData(null, "forged", null)]
    [InlineData("reader", "sender", "sender")]
    [InlineData("reader", null, "reader")]
    public void What_a_reader_sets_aside_is_in_nobodys_name_and_tells_who_sent_it_first(string? user, string? header, string? expected)
    {
        var aside = Hosting.Messaging.MessageHeaders.SetAsideBy("reader", Sent(user, header));

        Assert.Null(aside.UserId);
        Assert.Equal(expected, SenderIn(aside));
    }

    private static BasicProperties Sent(string? user, string? header)
    {
        var sent = new BasicProperties { Headers = new Dictionary<string, object?>() };
        if (user is not null)
            sent.UserId = user;
        if (header is not null)
            sent.Headers[Hosting.Messaging.MessageHeaders.UserHeader] = header;
        return sent;
    }

    private static object? SenderIn(BasicProperties properties) =>
        properties.Headers!.TryGetValue(Hosting.Messaging.MessageHeaders.UserHeader, out var told) ? told : null;
}
