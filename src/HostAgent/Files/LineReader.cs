using System.Text;

namespace JustRunIt.HostAgent.Files;

/// <summary>Reads lines from a peer that may send one without an end: a line longer than allowed is an error, not memory.</summary>
internal sealed class LineReader(Stream stream, int maximumBytes)
{
    private const byte LineFeed = (byte)'\n';
    private byte[] buffer = new byte[4096];
    private int start;
    private int end;

    /// <summary>The next line without its end; null at the end of the stream, where a line without an end counts.</summary>
    /// <exception cref="IOException">The line is too long, or the connection failed.</exception>
    public async Task<string?> ReadAsync(CancellationToken cancellation = default)
    {
        var searched = start;
        while (true)
        {
            var found = Array.IndexOf(buffer, LineFeed, searched, end - searched);
            if (found >= 0)
            {
                var line = Encoding.UTF8.GetString(buffer, start, found - start);
                start = found + 1;
                return line.TrimEnd('\r');
            }

            if (end - start > maximumBytes)
                throw new IOException($"it said a line of more than {maximumBytes} bytes");
            MakeRoom();
            searched = end;
            var got = await stream.ReadAsync(buffer.AsMemory(end), cancellation);
            if (got == 0)
            {
                if (start == end)
                    return null;
                var rest = Encoding.UTF8.GetString(buffer, start, end - start);
                start = end;
                return rest;
            }

            end += got;
        }
    }

    private void MakeRoom()
    {
        if (start > 0)
        {
            Buffer.BlockCopy(buffer, start, buffer, 0, end - start);
            (start, end) = (0, end - start);
        }

        if (end == buffer.Length)
            Array.Resize(ref buffer, buffer.Length * 2);
    }
}
