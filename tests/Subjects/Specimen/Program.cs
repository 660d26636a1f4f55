using System.Net;
using System.Net.Sockets;
using JustRunIt.Specimen;

// A server to be cloned: it remembers, it knows where it is, it tries to get out, and it has a heap of any size.
if (args is not ["--listen", var address, .. var rest]
    || !IPEndPoint.TryParse(address, out var listen) || listen.Port == 0
    || !(rest is [] || rest is ["--heap-mib", _])
    || !int.TryParse(rest is [_, var text] ? text : "0", out var mebibytes) || mebibytes is < 0 or > 65536)
{
    await Console.Error.WriteLineAsync(
        $"command line: '{string.Join(' ', args)}'; allowed is --listen ADDRESS:PORT [--heap-mib 0 to 65536]");
    return 2;
}

var heap = new Heap(mebibytes);
var memory = new Memory();
var builder = WebApplication.CreateSlimBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.ConfigureKestrel(options => options.Listen(listen));
var application = builder.Build();
application.MapGet("/health", () => "ok");
application.MapGet("/text/{length:int:range(0, 1048576)}", (int length) => new string('x', length));
application.MapGet("/count", () => memory.Count());
application.MapGet("/session/{key}", (string key) => memory.Session(key));
application.MapPost("/session/{key}/{value}", (string key, string value) => memory.Remember(key, value));
application.MapGet("/touch", () => heap.Touch());
application.MapGet("/heap", () => heap.Right());
application.MapGet("/identity", () => Identity.OfThis(listen));
application.MapPost(
    "/file/{name}/{content}", (string name, string content) => File.AppendAllText(Path.Combine("/tmp", Path.GetFileName(name)), content));
application.MapGet("/file/{name}", (string name) => File.ReadAllText(Path.Combine("/tmp", Path.GetFileName(name))));
application.MapPost("/uncheckpointable", Uncheckpointable.Hold);
application.MapGet("/reach/{by}", (string by, string to) => Reaching.TryAsync(by, to));
application.MapPost("/connect", (string to) => memory.ConnectAsync(to));
application.MapGet("/connected", memory.IsConnected);
await application.RunAsync();
return 0;
