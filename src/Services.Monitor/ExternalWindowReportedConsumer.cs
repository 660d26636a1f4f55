using JustRunIt.Events;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Store;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Monitor;

/// <summary>An external monitor reports a whole window: validates it, and compares it with the agreement.</summary>
internal sealed class ExternalWindowReportedConsumer(EventStore store, TimeProvider clock) : IConsumer<ExternalWindowReported>
{
    public async Task Consume(ConsumeContext<ExternalWindowReported> context)
    {
        var report = context.Message;
        await using var work = store.Begin(MessageCause.Of(context, clock));
        var stream = Streams.Service(report.Service);
        var history = await work.LoadAsync<ServiceState>(stream, context.CancellationToken);
        Validate(report, history.State);
        var open = await work.Session.LoadAsync<OpenWindow>(stream, context.CancellationToken) ?? new OpenWindow { Id = stream };
        if (report.To <= open.Window.LastReportTo)
            return;
        var closed = new ClosedWindow(report.From, report.To, report.Requests, report.Mean, report.Monitor);
        var (counts, events) = SlaDecider.OnWindow(history.State, closed, open.Window);
        work.Append(stream, history.Decide(work.Cause, _ => events));
        open.Window = counts with { LastReportTo = report.To };
        work.Session.Store(open);
        await work.CommitAsync(context.CancellationToken);
    }

    private static void Validate(ExternalWindowReported report, ServiceState service)
    {
        if (service.Registered is null)
            throw new MalformedMessageException($"service: '{report.Service}' is not registered");
        if (string.IsNullOrWhiteSpace(report.Monitor))
            throw new MalformedMessageException("monitor: must name the monitor that reports");
        if (report.To <= report.From)
            throw new MalformedMessageException($"to: {report.To:O} must be later than from, {report.From:O}");
        if (report.Requests < 0)
            throw new MalformedMessageException($"requests: {report.Requests} must be zero or more");
        if (report.Mean < TimeSpan.Zero)
            throw new MalformedMessageException($"mean: {report.Mean} must not be negative");
    }
}
