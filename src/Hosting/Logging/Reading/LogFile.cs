using System.Text;

namespace JustRunIt.Hosting.Logging.Reading;

/// <summary>One log file that may still be written: read up to its last whole line, and later from there on.</summary>
internal sealed class LogFile(string path)
{
    private const int BlockSize = 1 << 16;

    // Threads of one process may write in another order than that of their clock readings, but not by this many lines.
    private const int Lookahead = 256;

    private long position;

    /// <summary>Lines that could not be read.</summary>
    public int Unreadable { get; private set; }

    /// <summary>What was written since the last call, in order of time.</summary>
    /// <param name="isOver">Whether nobody waits for the rest of a last line: it is then read as it is.</param>
    public IEnumerable<LogEntry> ReadOn(bool isOver)
    {
        var ahead = new PriorityQueue<LogEntry, (DateTimeOffset At, long Order)>();
        var order = 0L;
        foreach (var (line, bytes, isWhole) in Lines())
        {
            if (!isWhole && !isOver)
                break;
            position += bytes;
            if (LogEntry.TryParse(line.TrimEnd('\r')) is { } entry)
            {
                ahead.Enqueue(entry, (entry.At, order++));
                if (ahead.Count > Lookahead)
                    yield return ahead.Dequeue();
            }
            else if (isWhole && line.Trim().Length > 0)
            {
                Unreadable++;
            }
        }

        while (ahead.TryDequeue(out var entry, out _))
            yield return entry;
    }

    /// <summary>The lines from the position on, how many bytes each takes, and whether it ends.</summary>
    private IEnumerable<(string Line, long Bytes, bool IsWhole)> Lines()
    {
        using var stream = Open();
        if (stream is null)
            yield break;
        if (stream.Length < position)
            position = 0;
        stream.Seek(position, SeekOrigin.Begin);
        var line = new MemoryStream();
        var block = new byte[BlockSize];
        for (int count; (count = stream.Read(block)) > 0;)
        {
            var from = 0;
            for (int end; (end = block.AsSpan(from, count - from).IndexOf((byte)'\n')) >= 0; from += end + 1)
            {
                line.Write(block, from, end);
                yield return (Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length), line.Length + 1, true);
                line.SetLength(0);
            }

            line.Write(block, from, count - from);
        }

        if (line.Length > 0)
            yield return (Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length), line.Length, false);
    }

    private FileStream? Open()
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // Its process has begun another and dropped this one.
            return null;
        }
    }
}
