using System.Text;

namespace JustRunIt.HostAgent.Files;

/// <summary>Reads what others write, never more than so much of it into memory, whoever it is and however long they go on.</summary>
internal static class BoundedText
{
    /// <summary>What a tool may say to be understood.</summary>
    public const int ToolBytes = 8 << 20;

    /// <summary>What of its complaints is kept.</summary>
    public const int ErrorBytes = 64 << 10;

    private const int BufferBytes = 16 << 10;

    /// <summary>Reads to the end, and keeps the beginning. The rest is read and forgotten, so that the writer is never held up.</summary>
    /// <returns>What was kept, and whether that is all.</returns>
    public static async Task<(string Text, bool IsAll)> ReadAsync(Stream stream, int bytes, CancellationToken cancellation)
    {
        using var kept = new MemoryStream();
        var (buffer, isAll) = (new byte[BufferBytes], true);
        while (await stream.ReadAsync(buffer, cancellation) is > 0 and var got)
        {
            var taken = (int)Math.Min(got, bytes - kept.Length);
            kept.Write(buffer, 0, taken);
            isAll &= taken == got;
        }

        return (Encoding.UTF8.GetString(kept.GetBuffer(), 0, (int)kept.Length), isAll);
    }

    /// <summary>The beginning of a file; empty when it is not there, or no regular file.</summary>
    public static string Head(string path, int bytes) => Part(path, (handle, _) => Read(handle, 0, bytes));

    /// <summary>The end of a file; empty when it is not there, or no regular file.</summary>
    public static string Tail(string path, int bytes) =>
        Part(path, (handle, length) => Read(handle, Math.Max(0, length - bytes), bytes));

    private static string Part(string path, Func<Microsoft.Win32.SafeHandles.SafeFileHandle, long, string> read)
    {
        try
        {
            using var handle = Posix.OpenRegular(path);
            return read(handle, RandomAccess.GetLength(handle));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string Read(Microsoft.Win32.SafeHandles.SafeFileHandle handle, long from, int bytes)
    {
        var buffer = new byte[bytes];
        var held = 0;
        while (held < bytes && RandomAccess.Read(handle, buffer.AsSpan(held), from + held) is > 0 and var got)
            held += got;
        return Encoding.UTF8.GetString(buffer, 0, held);
    }
}
