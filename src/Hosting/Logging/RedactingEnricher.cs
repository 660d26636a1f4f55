using JustRunIt.Hosting.Secrets;
using Serilog.Core;
using Serilog.Events;

namespace JustRunIt.Hosting.Logging;

/// <summary>Takes out of what is logged what nobody must read: reasons are often the words of somebody else.</summary>
internal sealed class RedactingEnricher : ILogEventEnricher
{
    /// <inheritdoc />
    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        List<LogEventProperty>? changed = null;
        foreach (var (name, value) in logEvent.Properties)
        {
            var redacted = Redacted(value);
            if (!ReferenceEquals(redacted, value))
                (changed ??= []).Add(new LogEventProperty(name, redacted));
        }

        foreach (var property in changed ?? [])
            logEvent.AddOrUpdateProperty(property);
    }

    private static LogEventPropertyValue Redacted(LogEventPropertyValue value)
    {
        switch (value)
        {
            case ScalarValue { Value: string text } when Redaction.Default.Text(text) is var redacted && redacted != text:
                return new ScalarValue(redacted);
            case ScalarValue { Value: Uri { UserInfo.Length: > 0 } address }:
                return new ScalarValue(Redaction.Default.Text(address.ToString()));
            case SequenceValue sequence:
                var elements = sequence.Elements.Select(element => Redacted(element)).ToList();
                return elements.SequenceEqual(sequence.Elements, ReferenceEqualityComparer.Instance) ? value : new SequenceValue(elements);
            case StructureValue structure:
                return new StructureValue(
                    structure.Properties.Select(property => new LogEventProperty(property.Name, Field(property.Name, property.Value))),
                    structure.TypeTag);
            case DictionaryValue dictionary:
                return new DictionaryValue(dictionary.Elements.Select(entry => new KeyValuePair<ScalarValue, LogEventPropertyValue>(
                    entry.Key, Field($"{entry.Key.Value}", entry.Value))));
            default:
                return value;
        }
    }

    private static LogEventPropertyValue Field(string name, LogEventPropertyValue value) =>
        Redaction.Default.IsSecret(name) ? new ScalarValue(Redaction.Mark) : Redacted(value);
}
