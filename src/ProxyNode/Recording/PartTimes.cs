namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// When the bytes of an exchange passed whose request came in pieces, or was answered in part before its end. Of any other nothing is kept.
/// One thread at a time.
/// </summary>
internal sealed class PartTimes
{
    /// <summary>An exchange of more pieces has the times of the first ones for the rest.</summary>
    private const int Most = 4096;

    private readonly List<(int Request, int Reply, long At)> marks = [];

    /// <summary>So many bytes of both have passed.</summary>
    public void Add(int request, int reply, long at)
    {
        if (marks.Count < Most)
            marks.Add((request, reply, at));
    }

    /// <summary>When a byte of the request had passed; null when that is not known.</summary>
    public long? OfRequest(int place) => At(marks.FindIndex(mark => mark.Request > place));

    /// <summary>When so many bytes of the reply had passed; null when that is not known.</summary>
    public long? OfReply(int length) => At(marks.FindIndex(mark => mark.Reply >= length));

    private long? At(int index) => index < 0 ? null : marks[index].At;
}
