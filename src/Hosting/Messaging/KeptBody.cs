using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Secrets;
using MassTransit;
using MassTransit.Middleware.Rescue;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// What is kept of a message that bears secrets (<see cref="IBearsSecrets"/>) in an error queue, where whoever may look into the broker's
/// queues reads it: of a JSON object all but what looks like a secret and all of an <c>environment</c>; of anything else nothing.
/// </summary>
internal static class KeptBody
{
    private const string Environment = "environment";
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The message as it is kept; itself where it bears no secrets.</summary>
    public static ExceptionReceiveContext Of(Type message, ExceptionReceiveContext context) =>
        message.IsAssignableTo(typeof(IBearsSecrets)) ? new Kept(context, context.Exception) : context;

    /// <summary>The same of one that nobody took.</summary>
    public static ExceptionReceiveContext Of(Type message, ReceiveContext context, Exception reason) =>
        message.IsAssignableTo(typeof(IBearsSecrets))
            ? new Kept(context, reason)
            : new RescueExceptionReceiveContext(context, reason);

    /// <summary>What is kept of a body.</summary>
    public static byte[] Without(byte[] body)
    {
        try
        {
            if (JsonNode.Parse(Strict.GetString(body)) is JsonObject node)
            {
                Clear(node);
                return Encoding.UTF8.GetBytes(Redaction.Default.Text(node.ToJsonString()));
            }
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            // No JSON, no UTF-8, or a field twice: nothing is known of what is where.
        }

        return Encoding.UTF8.GetBytes($"\"{Redaction.Mark}\"");
    }

    private static void Clear(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach (var (name, value) in fields.ToList())
                {
                    if (string.Equals(name, Environment, StringComparison.OrdinalIgnoreCase))
                        ClearAll(fields, name);
                    else
                        Clear(value);
                }

                break;
            case JsonArray items:
                foreach (var item in items)
                    Clear(item);
                break;
        }
    }

    /// <summary>Names of variables stay, so that a person sees what was there.</summary>
    private static void ClearAll(JsonObject parent, string name)
    {
        if (parent[name] is not JsonObject variables)
        {
            parent[name] = Redaction.Mark;
            return;
        }

        foreach (var variable in variables.Select(variable => variable.Key).ToList())
            variables[variable] = Redaction.Mark;
    }

    private sealed class Kept(ReceiveContext context, Exception reason) : RescueExceptionReceiveContext(context, reason), ReceiveContext
    {
        private readonly MessageBody body = new BytesMessageBody(Without(context.Body.GetBytes()));

        MessageBody ReceiveContext.Body => body;
    }
}
