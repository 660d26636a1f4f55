namespace JustRunIt.ProxyNode.Tests.Conversations.Models;

/// <summary>
/// HTTP/1.1 (RFC 9112): requests without a body, of a known length and in chunks, pipelined; interim replies; replies of all framings
/// that keep the connection, which may begin and end before their request has ended.
/// </summary>
internal sealed class HttpModel : DialogueModel
{
    private const int MostPipelined = 4;
    private readonly Queue<string> unanswered = new();
    private int bodyLeft;
    private bool inChunks;
    private int replyLeft;
    private bool replyInChunks;

    protected override IEnumerable<Action<int>> Moves()
    {
        if (bodyLeft > 0 || inChunks)
        {
            yield return inChunks ? Chunk : Body;
        }
        else if (unanswered.Count < MostPipelined)
        {
            foreach (var method in (string[])["GET", "HEAD", "DELETE"])
                yield return _ => Ask(method, "");
            yield return _ => Ask("OPTIONS", "Content-Length: 0\r\n");
            yield return choice =>
            {
                bodyLeft = 1 + (choice % 50);
                Ask("POST", $"Content-Length: {bodyLeft}\r\n");
            };
            yield return _ =>
            {
                inChunks = true;
                Ask("PUT", "Transfer-Encoding: chunked\r\n");
            };
        }

        if (replyLeft > 0 || replyInChunks)
        {
            yield return replyInChunks ? ReplyChunk : ReplyBody;
        }
        else if (unanswered.TryPeek(out var method))
        {
            yield return choice => Server($"HTTP/1.1 {(choice % 2 == 0 ? "100 Continue" : "103 Early Hints")}\r\n\r\n");
            yield return choice => Answer($"204 No Content\r\nX-N: {choice}\r\n\r\n");
            yield return _ => Answer("304 Not Modified\r\nContent-Length: 500\r\n\r\n");
            yield return _ => Answer("500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
            yield return choice => Begin(method, $"200 OK\r\nContent-Length: {1 + (choice % 70)}\r\n\r\n", 1 + (choice % 70), false);
            yield return _ => Begin(method, "404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n", 0, true);
        }
    }

    private void Ask(string method, string framing)
    {
        Client($"{method} /items/{Begun} HTTP/1.1\r\nHost: shop\r\n{framing}\r\n");
        unanswered.Enqueue(method);
        Begun++;
    }

    private void Body(int choice)
    {
        var length = 1 + (choice % bodyLeft);
        bodyLeft -= length;
        Client(new string('b', length));
    }

    private void Chunk(int choice)
    {
        inChunks = choice % 3 != 0;
        Client(inChunks ? $"{1 + (choice % 30):x}\r\n{new string('c', 1 + (choice % 30))}\r\n" : "0\r\nX-Trailer: 1\r\n\r\n");
    }

    private void Answer(string rest)
    {
        Server("HTTP/1.1 " + rest);
        End();
    }

    private void Begin(string method, string rest, int length, bool chunked)
    {
        Server("HTTP/1.1 " + rest);
        if (method == "HEAD")
            End();
        else
            (replyLeft, replyInChunks) = (length, chunked);
    }

    private void ReplyBody(int choice)
    {
        var length = 1 + (choice % replyLeft);
        replyLeft -= length;
        Server(new string('r', length));
        if (replyLeft == 0)
            End();
    }

    private void ReplyChunk(int choice)
    {
        replyInChunks = choice % 3 != 0;
        Server(replyInChunks ? $"{1 + (choice % 30):X}\r\n{new string('d', 1 + (choice % 30))}\r\n" : "0\r\n\r\n");
        if (!replyInChunks)
            End();
    }

    private void End()
    {
        unanswered.Dequeue();
        Replies++;
    }
}
