using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using CsCheck;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Sockets on an event loop, with plain sockets of the runtime as peers.</summary>
public sealed class LoopSocketTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Whatever_the_pieces_all_bytes_arrive_in_order_in_both_directions()
    {
        // Up to some times what the kernel holds of a connection: sends and receives have to wait for it.
        await Gen.Select(Gen.Int[1, 3_000_000].Array[1, 6], Gen.Int[1, 200_000], Gen.Int[1, 200_000]).SampleAsync(
            async (sizes, received, peerReceived) =>
            {
                var (own, peer) = await LoopPair.OpenAsync();
                using (own)
                using (peer)
                {
                    var sent = Bytes(sizes.Sum());
                    var up = Task.Run(async () =>
                    {
                        var at = 0;
                        foreach (var size in sizes)
                        {
                            Assert.Equal(size, await own.SendAsync(sent.AsMemory(at, size)));
                            at += size;
                        }

                        own.Shutdown(SocketShutdown.Send);
                    });
                    var down = Task.Run(async () =>
                    {
                        await peer.SendAsync(sent);
                        peer.Shutdown(SocketShutdown.Send);
                    });
                    var atPeer = ReadAsync(buffer => peer.ReceiveAsync(buffer), peerReceived);
                    var here = ReadAsync(own.ReceiveAsync, received);
                    await Task.WhenAll(up, down).WaitAsync(Patience);
                    Assert.Equal(sent, await atPeer.WaitAsync(Patience));
                    Assert.Equal(sent, await here.WaitAsync(Patience));
                }
            },
            iter: 12);
    }

    [Fact]
    public async Task What_is_sent_while_another_send_waits_comes_after_it_and_in_one_piece()
    {
        var (own, peer) = await LoopPair.OpenAsync();
        using var _ = own;
        using var __ = peer;
        var pieces = Enumerable.Range(1, 8).Select(i => Enumerable.Repeat((byte)i, 1_000_000).ToArray()).ToArray();
        var sends = pieces.Select(piece => own.SendAsync(piece).AsTask()).ToArray();
        Assert.Contains(sends, send => !send.IsCompleted);
        var all = ReadAsync(buffer => peer.ReceiveAsync(buffer), 100_000);
        await Task.WhenAll(sends).WaitAsync(Patience);
        own.Shutdown(SocketShutdown.Send);
        Assert.Equal(pieces.SelectMany(piece => piece), await all.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_receive_that_waits_ends_when_its_socket_is_closed()
    {
        var (own, peer) = await LoopPair.OpenAsync();
        using var _ = peer;
        var waiting = own.ReceiveAsync(new byte[10]).AsTask();
        Assert.False(waiting.IsCompleted);
        own.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.WaitAsync(Patience));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await own.ReceiveAsync(new byte[10]));
        Assert.Equal(0, await peer.ReceiveAsync(new byte[10]).WaitAsync(Patience));
    }

    [Fact]
    public async Task An_end_that_comes_with_the_last_bytes_is_heard_after_them()
    {
        var (own, peer) = await LoopPair.OpenAsync();
        using var _ = own;
        peer.Send(Bytes(5));
        peer.Dispose();
        await Task.Delay(50);
        var room = new byte[100];
        Assert.Equal(5, await own.ReceiveAsync(room).AsTask().WaitAsync(Patience));
        Assert.Equal(0, await own.ReceiveAsync(room).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task A_peer_that_resets_fails_the_receive_that_waits()
    {
        var (own, peer) = await LoopPair.OpenAsync();
        using var _ = own;
        var waiting = own.ReceiveAsync(new byte[10]).AsTask();
        peer.LingerState = new LingerOption(true, 0);
        peer.Dispose();
        var reset = await Assert.ThrowsAsync<SocketException>(() => waiting.WaitAsync(Patience));
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
    }

    [Fact]
    public async Task Nobody_listening_is_a_refusal()
    {
        using var free = new Socket(SocketType.Stream, ProtocolType.Tcp);
        free.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var refused = await Assert.ThrowsAsync<SocketException>(async () =>
            await LoopSocket.ConnectAsync(
                socket,
                new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)free.LocalEndPoint!).Port),
                EventLoop.Next(),
                CancellationToken.None));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    [Fact]
    public async Task A_connection_that_never_pauses_keeps_no_other_of_its_loop_waiting()
    {
        var loop = EventLoop.Next();
        var (busy, flood) = await LoopPair.OpenAsync(loop);
        var (quiet, asker) = await LoopPair.OpenAsync(loop);
        var stop = new CancellationTokenSource();
        var flooding = Task.Run(async () =>
        {
            var bytes = new byte[1 << 20];
            while (!stop.IsCancellationRequested)
                await flood.SendAsync(bytes);
        });
        var draining = DrainAsync(busy);
        var echoing = EchoAsync(quiet);
        var room = new byte[1];
        for (var i = 0; i < 200; i++)
        {
            await asker.SendAsync(new byte[] { (byte)i });
            Assert.Equal(1, await asker.ReceiveAsync(room).WaitAsync(Patience));
            Assert.Equal((byte)i, room[0]);
        }

        await stop.CancelAsync();
        await flooding.WaitAsync(Patience);
        flood.Dispose();
        asker.Dispose();
        await Task.WhenAll(draining, echoing).WaitAsync(Patience);

        static async Task DrainAsync(LoopSocket from)
        {
            // As small as its pieces are, there is always another one.
            var small = new byte[64];
            while (await from.ReceiveAsync(small) > 0)
            {
            }

            from.Dispose();
        }

        static async Task EchoAsync(LoopSocket with)
        {
            var bytes = new byte[64];
            while (await with.ReceiveAsync(bytes) is > 0 and var count)
                await with.SendAsync(bytes.AsMemory(0, count));
            with.Dispose();
        }
    }

    [Fact]
    public async Task Delays_end_in_their_order_never_early_and_on_the_loops_thread_whichever_thread_they_begin_on()
    {
        var loop = EventLoop.NextOfClones();
        var ended = new List<double>();
        var random = new Random(1);
        await Task.WhenAll(Enumerable.Range(0, 200).OrderBy(_ => random.Next()).Select(async number =>
        {
            var (length, begin) = (TimeSpan.FromMilliseconds(40 + (number * 0.25)), Stopwatch.GetTimestamp());
            // The second begins on the loop, where the first one ended.
            await loop.DelayAsync(length / 2).ConfigureAwait(false);
            Assert.True(loop.IsCurrent);
            await loop.DelayAsync(length / 2).ConfigureAwait(false);
            Assert.True(loop.IsCurrent);
            Assert.True(Stopwatch.GetElapsedTime(begin) >= length);
        }));
        var now = Stopwatch.GetTimestamp();
        await Task.WhenAll(new[] { 30.0, 10, 20 }.Select(async milliseconds =>
        {
            await loop.DelayAsync(TimeSpan.FromMilliseconds(milliseconds) - Stopwatch.GetElapsedTime(now)).ConfigureAwait(false);
            ended.Add(milliseconds);
        }));
        Assert.Equal([10, 20, 30], ended);
    }

    [Fact]
    public async Task A_delay_keeps_no_socket_of_its_loop_waiting()
    {
        var loop = EventLoop.NextOfClones();
        var (own, peer) = await LoopPair.OpenAsync(loop);
        using var _ = own;
        using var __ = peer;
        var late = loop.DelayAsync(TimeSpan.FromHours(1));
        var bytes = new byte[1];
        for (var i = 0; i < 100; i++)
        {
            var received = own.ReceiveAsync(bytes);
            await peer.SendAsync(new byte[] { (byte)i });
            Assert.Equal(1, await received.AsTask().WaitAsync(Patience));
            Assert.Equal((byte)i, bytes[0]);
        }

        Assert.False(late.IsCompleted);
    }

    private static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)((i * 31) ^ (i >> 9)))];

    private static async Task<byte[]> ReadAsync(Func<Memory<byte>, ValueTask<int>> receive, int most)
    {
        var all = new MemoryStream();
        var buffer = new byte[most];
        while (await receive(buffer) is > 0 and var count)
            all.Write(buffer, 0, count);
        return all.ToArray();
    }
}
