using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace JustRunIt.ProxyNode.Measuring;

/// <summary>
/// Exports the instruments by OTLP, as OpenTelemetry's standard variables say: <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> turns it on,
/// <c>OTEL_EXPORTER_OTLP_PROTOCOL</c>, <c>OTEL_EXPORTER_OTLP_HEADERS</c>, <c>OTEL_METRIC_EXPORT_INTERVAL</c>,
/// <c>OTEL_SERVICE_NAME</c> and <c>OTEL_RESOURCE_ATTRIBUTES</c> are heard.
/// </summary>
internal static class OtlpExport
{
    private static readonly string[] Turning = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"];

    /// <summary>Starts to export; null when nobody asked for it, or OpenTelemetry is disabled (OTEL_SDK_DISABLED).</summary>
    public static IDisposable? Start() => Turning.All(name => string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)))
        ? null
        : Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => resource.AddService("justrunit-proxy").AddEnvironmentVariableDetector())
            .AddMeter(ProxyMeter.Name)
            .AddOtlpExporter()
            .Build();
}
