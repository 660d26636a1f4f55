using System.Buffers.Binary;
using System.IO.Hashing;
using JustRunIt.Hosting.Configuration;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Sessions;
using Microsoft.Win32.SafeHandles;

namespace JustRunIt.ProxyNode.Tracing;

/// <summary>
/// A recorded trace: what is known of every exchange is in memory, the requests are read from the file when they are sent.
/// </summary>
internal sealed class TraceFile : IDisposable
{
    private readonly SafeFileHandle handle;

    private TraceFile(
        SafeFileHandle handle,
        IMessageProtocol protocol,
        DateTimeOffset startedAt,
        TraceRules? rules,
        IReadOnlyList<Recorded> exchanges,
        long cutOffBytes)
    {
        this.handle = handle;
        (Protocol, StartedAt, Rules, Exchanges, CutOffBytes) = (protocol, startedAt, rules, exchanges, cutOffBytes);
    }

    /// <summary>What was spoken.</summary>
    public IMessageProtocol Protocol { get; }

    /// <summary>When the recording began.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>What was applied to its replies; null of a trace that does not tell.</summary>
    public TraceRules? Rules { get; }

    /// <summary>All exchanges, in the order in which they ended.</summary>
    public IReadOnlyList<Recorded> Exchanges { get; }

    /// <summary>Bytes after the last whole exchange: the recording broke off.</summary>
    public long CutOffBytes { get; }

    /// <summary>Opens a trace and reads through it.</summary>
    /// <param name="file">Its path.</param>
    /// <param name="rules">What makes a session.</param>
    /// <exception cref="ConfigurationException">It is no trace that can be read.</exception>
    public static TraceFile Open(string file, SessionRules rules)
    {
        SafeFileHandle? handle = null;
        try
        {
            using var stream = new FileStream(
                file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 256 * 1024, FileOptions.SequentialScan);
            using var reader = new BinaryReader(stream, TraceFormat.Text);
            if (!reader.ReadBytes(TraceFormat.Magic.Length).AsSpan().SequenceEqual(TraceFormat.Magic))
                throw Wrong(file, "is no trace");
            var version = reader.ReadInt32();
            if (version is < TraceFormat.OldestVersion or > TraceFormat.Version)
            {
                throw Wrong(
                    file,
                    $"is a trace of version {version}, and only versions {TraceFormat.OldestVersion} to {TraceFormat.Version} can be read");
            }

            var name = reader.ReadString();
            var protocol = ProtocolRegistry.FindTraceable(name)
                ?? throw Wrong(file, $"is a trace of protocol '{name}'; known are {ProtocolRegistry.TraceableNames}");
            var startedAt = new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero);
            var applied = version == TraceFormat.OldestVersion ? null : TraceRules.Read(reader);
            var exchanges = Read(stream, protocol, rules, version, out var good);
            handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return new TraceFile(handle, protocol, startedAt, applied, exchanges, stream.Length - good);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or ArgumentException)
        {
            handle?.Dispose();
            throw Wrong(file, $"cannot be read: {e.Message}");
        }
    }

    /// <summary>A request's bytes.</summary>
    /// <exception cref="IOException">The file cannot be read any more.</exception>
    public byte[] ReadRequest(Recorded exchange)
    {
        var request = new byte[exchange.RequestLength];
        for (var at = 0; at < request.Length;)
        {
            var read = RandomAccess.Read(handle, request.AsSpan(at), exchange.RequestOffset + at);
            if (read == 0)
                throw new EndOfStreamException("The trace has become shorter.");
            at += read;
        }

        return request;
    }

    /// <inheritdoc />
    public void Dispose() => handle.Dispose();

    private static List<Recorded> Read(FileStream stream, IMessageProtocol protocol, SessionRules rules, int version, out long good)
    {
        var exchanges = new List<Recorded>();
        var head = new byte[TraceFormat.FrameHead];
        var payload = Array.Empty<byte>();
        good = stream.Position;
        while (stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(head);
            if (length is <= 0 or > TraceFormat.LongestPayload || length > stream.Length - stream.Position)
                break;
            if (payload.Length < length)
                payload = new byte[Math.Max(length, payload.Length * 2)];
            stream.ReadExactly(payload, 0, length);
            if (XxHash32.HashToUInt32(payload.AsSpan(0, length)) != BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(4)))
                break;
            using var reader = new BinaryReader(new MemoryStream(payload, 0, length), TraceFormat.Text);
            var entry = TraceFormat.ReadExchange(reader, version, out var requestLength);
            var request = payload.AsSpan(length - requestLength, requestLength);
            exchanges.Add(
                new Recorded(
                    entry, protocol.SessionNamesIn(request, rules), good + TraceFormat.FrameHead + length - requestLength, requestLength));
            good = stream.Position;
        }

        return exchanges;
    }

    private static ConfigurationException Wrong(string file, string reason) =>
        new($"command line: --trace: '{file}' {reason}; allowed is a file that 'proxy --record' wrote");

    /// <summary>An exchange on file.</summary>
    /// <param name="Entry">What is known of it.</param>
    /// <param name="Names">Of sessions, that the request carries.</param>
    /// <param name="RequestOffset">Where the request is in the file.</param>
    /// <param name="RequestLength">Its bytes.</param>
    internal sealed record Recorded(TraceEntry Entry, IReadOnlyList<string> Names, long RequestOffset, int RequestLength);
}
