using System.Buffers.Binary;
using System.Text;
using JustRunIt.ProxyNode.Ajp;

namespace JustRunIt.ProxyNode.Tests.Conversations.Models;

/// <summary>
/// AJP13 (tomcat.apache.org, "AJP Protocol Reference"): a request at a time, with a body that comes when it is asked for, but for the
/// first packet of one whose length is known; a container that replies while it asks, and may end before it has the body.
/// </summary>
internal sealed class AjpModel : DialogueModel
{
    private const byte Get = 2;
    private const byte Post = 4;
    private bool inExchange;
    private bool hasHead;
    private int bodyLeft;
    private int due;
    private bool isProbed;

    protected override IEnumerable<Action<int>> Moves()
    {
        if (due > 0)
            yield return Body;
        if (!inExchange && due == 0 && !isProbed)
        {
            yield return _ => Ask(Get, 0);
            yield return choice => Ask(Post, 1 + (choice % 900));
            yield return _ =>
            {
                Client(Packet(false, [AjpPacket.CPing]));
                isProbed = true;
            };
        }

        if (isProbed)
        {
            yield return _ =>
            {
                Server(Packet(true, [AjpPacket.CPong]));
                isProbed = false;
            };
        }

        if (!inExchange)
            yield break;
        if (bodyLeft > 0 && due == 0)
        {
            yield return _ =>
            {
                Server(Packet(true, [AjpPacket.GetBodyChunk, 0x1F, 0xFA]));
                due++;
            };
        }

        if (!hasHead)
        {
            yield return choice =>
            {
                Server(Packet(true, [AjpPacket.SendHeaders, 0, choice % 2 == 0 ? (byte)200 : (byte)204, 0, 2, .. "OK"u8, 0, 0, 0]));
                hasHead = true;
            };
            yield break;
        }

        yield return choice => Server(Packet(
            true, [AjpPacket.SendBodyChunk, 0, (byte)(1 + (choice % 99)), .. new byte[2 + (choice % 99)]]));
        yield return _ =>
        {
            Server(Packet(true, [AjpPacket.EndResponse, 1]));
            inExchange = false;
            Replies++;
        };
    }

    private static byte[] Packet(bool fromContainer, byte[] payload)
    {
        var packet = new byte[4 + payload.Length];
        (fromContainer ? "AB"u8 : [0x12, 0x34]).CopyTo(packet);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)payload.Length);
        payload.CopyTo(packet, 4);
        return packet;
    }

    private static byte[] Text(string text) => [0, (byte)text.Length, .. Encoding.ASCII.GetBytes(text), 0];

    private void Ask(byte method, int length)
    {
        byte[] headers = length == 0 ? [0, 0] : [0, 1, 0xA0, 0x08, .. Text($"{length}")];
        Client(Packet(
            false,
            [
                AjpPacket.ForwardRequest, method, .. Text("HTTP/1.1"), .. Text($"/items/{Begun}"), .. Text("127.0.0.1"), .. Text("client"),
                .. Text("shop"), 0, 80, 0, .. headers, 0xFF,
            ]));
        (inExchange, hasHead, bodyLeft) = (true, false, length);
        due = length > 0 ? 1 : 0;
        Begun++;
    }

    /// <summary>What was asked for is sent even if the reply has ended meanwhile.</summary>
    private void Body(int choice)
    {
        due--;
        var length = bodyLeft == 0 ? 0 : 1 + (choice % bodyLeft);
        bodyLeft -= length;
        Client(Packet(false, length == 0 ? [] : [(byte)(length >> 8), (byte)length, .. new byte[length]]));
    }
}
