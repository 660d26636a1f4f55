using System.Net;

// The smallest service that is worth an experiment: one tier, pages that cost CPU time and nothing else.
if (args is not ["--listen", var address] || !IPEndPoint.TryParse(address, out var listen) || listen.Port == 0)
{
    await Console.Error.WriteLineAsync($"command line: '{string.Join(' ', args)}'; allowed is --listen ADDRESS:PORT");
    return 2;
}

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.ConfigureKestrel(options => options.Listen(listen));
var application = builder.Build();
application.MapGet("/health", () => "ok");
application.MapGet("/primes/{below:int}", (int below) => $"{Primes(Math.Clamp(below, 0, 1_000_000))}\n");
_ = Primes(1000);
await application.RunAsync();
return 0;

static int Primes(int below)
{
    var count = 0;
    for (var candidate = 2; candidate < below; candidate++)
    {
        var isPrime = true;
        for (var divisor = 2; isPrime && divisor * divisor <= candidate; divisor++)
            isPrime = candidate % divisor != 0;
        count += isPrime ? 1 : 0;
    }

    return count;
}
