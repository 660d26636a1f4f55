using System.Runtime.CompilerServices;

namespace JustRunIt.Hosting.Logging.Reading;

/// <summary>
/// Joins the log files of all processes in order of time. Files that come, grow, are rotated or dropped meanwhile are no error, nor is
/// a last line that a process did not finish.
/// </summary>
/// <param name="folder">The folder of the files.</param>
/// <param name="filter">Which lines are wanted.</param>
public sealed class LogReader(string folder, LogFilter filter)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly SortedDictionary<string, LogFile> files = new(StringComparer.Ordinal);

    /// <summary>Lines that are no log lines.</summary>
    public int Unreadable => files.Values.Sum(file => file.Unreadable);

    /// <summary>What stands in the files, and nothing that comes after.</summary>
    public IEnumerable<LogEntry> ReadAll() => Read(isOver: true);

    /// <summary>What stands in the files, and whatever is logged from now on, until it is cancelled.</summary>
    /// <param name="clock">The clock by which it is looked for.</param>
    /// <param name="cancellation">Ends it.</param>
    public async IAsyncEnumerable<LogEntry> FollowAsync(TimeProvider clock, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            foreach (var entry in Read(isOver: false))
                yield return entry;
            try
            {
                await Task.Delay(Pause, clock, cancellation).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                yield break;
            }
        }
    }

    private IEnumerable<LogEntry> Read(bool isOver)
    {
        FindFiles();
        var heads = new PriorityQueue<IEnumerator<LogEntry>, (DateTimeOffset At, int File)>();
        var number = 0;
        foreach (var file in files.Values)
            Add(file.ReadOn(isOver).Where(filter.Takes).GetEnumerator(), number++);
        while (heads.TryDequeue(out var head, out var place))
        {
            yield return head.Current;
            Add(head, place.File);
        }

        void Add(IEnumerator<LogEntry> head, int file)
        {
            if (head.MoveNext())
                heads.Enqueue(head, (head.Current.At, file));
            else
                head.Dispose();
        }
    }

    private void FindFiles()
    {
        if (!Directory.Exists(folder))
            return;
        foreach (var path in Directory.EnumerateFiles(folder, $"*{LogFolder.Extension}"))
        {
            // What was last written before is not even opened.
            if (!files.ContainsKey(path) && File.GetLastWriteTimeUtc(path) >= filter.Since.UtcDateTime)
                files[path] = new LogFile(path);
        }
    }
}
