using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace JustRunIt.ProxyNode.Threads;

/// <summary>What threads ask of Linux that the runtime has no words for.</summary>
internal static class Kernel
{
    private const int SetTimerSlack = 29;
    private const int CallingThread = 0;
    private const ulong ShortSliceNanoseconds = 100_000;
    private const short Readable = 1;
    private const int NonBlockingCloseOnExec = 0x80800;

    /// <summary>Sleeps by the high-resolution timer.</summary>
    public static void Sleep(TimeSpan time)
    {
        var specification = Timespec.Of(time);
        _ = NanoSleep(in specification, 0);
    }

    /// <summary>
    /// The calling thread's sleeps end when they should: the kernel may otherwise add 50 µs to each (prctl(2),
    /// PR_SET_TIMERSLACK). Where it refuses, it does.
    /// </summary>
    public static void SleepExactly() => _ = Prctl(SetTimerSlack, 1, 0, 0, 0);

    /// <summary>
    /// The calling thread works for short times and wants to begin soon when it wakes: its share of the processors stays the same
    /// (sched_setattr(2), <c>sched_runtime</c> of SCHED_OTHER, Linux 6.12 and later; others know no such wish).
    /// </summary>
    public static void WakeSoon()
    {
        if (RuntimeInformation.ProcessArchitecture is not Architecture.X64 and not Architecture.Arm64)
            return;
        var (get, set) = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? (315, 314) : (275, 274);
        var attributes = new SchedulingAttributes { Size = (uint)Marshal.SizeOf<SchedulingAttributes>() };
        if (SystemCall(get, CallingThread, ref attributes, attributes.Size, 0) != 0)
            return;
        attributes.RuntimeNanoseconds = ShortSliceNanoseconds;
        _ = SystemCall(set, CallingThread, ref attributes, 0, 0);
    }

    /// <summary>
    /// The calling thread yields to others that want the processor (setpriority(2), which on Linux is of a thread).
    /// </summary>
    /// <param name="nice">1 (hardly) to 19 (wherever it can).</param>
    public static void Yield(int nice) => _ = SetPriority(0, CallingThread, nice);

    /// <summary>Waits until a file descriptor can be read from; or for a time, exact to some part of a millisecond (ppoll(2)).</summary>
    /// <returns>Whether it can.</returns>
    public static unsafe bool WaitForInput(int descriptor, TimeSpan? time)
    {
        var watched = new PollDescriptor(descriptor, Readable, 0);
        var specification = Timespec.Of(time.GetValueOrDefault());
        return PPoll(&watched, 1, time is null ? null : &specification, null) == 1;
    }

    /// <summary>An event that a thread can wait for up to some part of a millisecond (eventfd(2)).</summary>
    public sealed class Event : IDisposable
    {
        private readonly SafeFileHandle descriptor = EventFd(0, NonBlockingCloseOnExec) is >= 0 and var opened
            ? new SafeFileHandle(opened, ownsHandle: true)
            : throw new Win32Exception(Marshal.GetLastPInvokeError());

        /// <summary>Its file descriptor, which can be read from once it is set.</summary>
        public int Descriptor => (int)descriptor.DangerousGetHandle();

        /// <summary>Ends a wait, or the next one; nothing when it was disposed of.</summary>
        public void Set()
        {
            try
            {
                _ = Write(descriptor, 1, sizeof(long));
            }
            catch (ObjectDisposedException)
            {
                // Nobody waits any more.
            }
        }

        /// <summary>Waits until it is set; or for a time, at most. Only the thread that disposes of it waits.</summary>
        public void Wait(TimeSpan? time)
        {
            if (WaitForInput(Descriptor, time))
                _ = Read(descriptor, out _, sizeof(long));
        }

        /// <inheritdoc />
        public void Dispose() => descriptor.Dispose();
    }

    [DllImport("libc", EntryPoint = "nanosleep")]
    private static extern int NanoSleep(in Timespec time, nint remaining);

    [DllImport("libc", EntryPoint = "syscall")]
    private static extern nint SystemCall(nint number, nint thread, ref SchedulingAttributes attributes, nuint size, nuint flags);

    [DllImport("libc", EntryPoint = "prctl")]
    private static extern int Prctl(int option, nint nanoseconds, nint unused3, nint unused4, nint unused5);

    [DllImport("libc", EntryPoint = "setpriority")]
    private static extern int SetPriority(int which, int who, int priority);

    [DllImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static extern int EventFd(uint initial, int flags);

    [DllImport("libc", EntryPoint = "ppoll")]
    private static extern unsafe int PPoll(PollDescriptor* descriptors, nuint count, Timespec* time, void* signals);

    [DllImport("libc", EntryPoint = "read")]
    private static extern nint Read(SafeFileHandle descriptor, out long value, nint length);

    [DllImport("libc", EntryPoint = "write")]
    private static extern nint Write(SafeFileHandle descriptor, in long value, nint length);

    /// <summary><c>struct sched_attr</c> (sched_setattr(2)), as of its first version.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct SchedulingAttributes
    {
        public uint Size;
        public uint Policy;
        public ulong Flags;
        public int Nice;
        public uint Priority;
        public ulong RuntimeNanoseconds;
        public ulong DeadlineNanoseconds;
        public ulong PeriodNanoseconds;
    }

    /// <summary><c>struct timespec</c> (time.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Timespec(nint Seconds, nint Nanoseconds)
    {
        public static Timespec Of(TimeSpan time) =>
            new((nint)(time.Ticks / TimeSpan.TicksPerSecond), (nint)(time.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick));
    }

    /// <summary><c>struct pollfd</c> (poll.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct PollDescriptor(int Descriptor, short Events, short Returned);
}
