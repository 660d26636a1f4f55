using JustRunIt.Events;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Store;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Monitor;

/// <summary>An in-proxy has measured: adds the report to the service's window, and compares each full window with the agreement.</summary>
internal sealed class ResponseTimesMeasuredConsumer(EventStore store, TimeProvider clock) : IConsumer<ResponseTimesMeasured>
{
    public async Task Consume(ConsumeContext<ResponseTimesMeasured> context)
    {
        var report = context.Message;
        await using var work = store.Begin(MessageCause.Of(context, clock));
        var stream = Streams.Service(report.Service);
        var history = await work.LoadAsync<ServiceState>(stream, context.CancellationToken);
        if (history.State.Registered is not { } registered || registered.MeasuredAt != report.Tier)
            return;
        var open = await work.Session.LoadAsync<OpenWindow>(report.Service, context.CancellationToken)
            ?? new OpenWindow { Id = report.Service };
        var (window, closed) = open.Window.Add(report, registered.Level.Window);
        if (closed is not null)
        {
            var (counts, events) = SlaDecider.OnWindow(history.State, closed, window);
            window = counts;
            work.Append(stream, history.Decide(work.Cause, _ => events));
        }

        open.Window = window;
        work.Session.Store(open);
        await work.CommitAsync(context.CancellationToken);
    }
}
