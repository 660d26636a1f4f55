using System.Net;

namespace JustRunIt.Infrastructure.Peers;

/// <summary>A folder that Tomcat 10 runs from, with pages to try it on; removed when it is disposed.</summary>
public sealed class TomcatFolder : IDisposable
{
    /// <summary>Where the distribution has Tomcat.</summary>
    public const string Home = "/usr/share/tomcat10";

    private const string WebXml = "/etc/tomcat10/web.xml";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tomcat-");

    /// <summary>Makes it.</summary>
    /// <param name="connector">The connector's element of server.xml.</param>
    public TomcatFolder(string connector)
    {
        foreach (var name in (string[])["conf", "logs", "temp", "work", "webapps/ROOT/WEB-INF"])
            folder.CreateSubdirectory(name);
        Write("conf/server.xml", $"""
            <Server port="-1">
              <Service name="Catalina">
                {connector}
                <Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps" autoDeploy="false"/></Engine>
              </Service>
            </Server>
            """);
        // Absent where Tomcat is not installed, and the folder is for a container, which has its own.
        if (File.Exists(WebXml))
            File.Copy(WebXml, Path.Combine(folder.FullName, "conf/web.xml"));
        Write("webapps/ROOT/count.jsp", """
            <%@ page contentType="text/plain" %><%
            Integer count = (Integer) session.getAttribute("count");
            session.setAttribute("count", count == null ? 1 : count + 1);
            %>count <%= session.getAttribute("count") %> at <%= response.encodeURL("/count.jsp") %>
            """);
        Write("webapps/ROOT/address.jsp", """
            <%@ page contentType="text/plain" %><%= request.getLocalAddr() %>:<%= request.getLocalPort() %>
            """);
        Write("webapps/ROOT/length.jsp", """
            <%@ page contentType="text/plain" %><%
            java.io.InputStream in = request.getInputStream(); byte[] buffer = new byte[10000]; long sum = 0, length = 0; int n;
            while ((n = in.read(buffer)) > 0) { length += n; for (int i = 0; i < n; i++) sum = (sum * 31 + (buffer[i] & 255)) % 1000003; }
            %>length <%= length %> sum <%= sum %>
            """);
        Write("webapps/ROOT/echo.jsp", """
            <%@ page contentType="text/plain" %><%= request.getMethod() %> <%= request.getQueryString() %> <%= request.getHeader("X-Own") %>
            """);
        Write("webapps/ROOT/token.jsp", """
            <%@ page contentType="text/plain" %><%
            String token = (String) session.getAttribute("token");
            if (token == null) session.setAttribute("token", token = java.util.UUID.randomUUID().toString());
            byte[] said = request.getInputStream().readAllBytes();
            if (said.length == 0) out.print("token=" + token);
            else out.print(new String(said, "ISO-8859-1").contains(token) ? "mine" : "another's");
            %>
            """);
        Write("webapps/ROOT/fail.jsp", "<% if (true) throw new RuntimeException(\"failed\"); %>");
    }

    /// <summary>The element of a connector that takes AJP13 from anybody who reaches it, with bodies of any length.</summary>
    public static string AjpConnector(IPEndPoint at) =>
        $"""<Connector protocol="AJP/1.3" address="{at.Address}" port="{at.Port}" secretRequired="false" """
        + """allowedRequestAttributesPattern=".*" maxPostSize="-1"/>""";

    /// <summary>Its path.</summary>
    public string FullName => folder.FullName;

    /// <summary>What starts it in the foreground; <c>run</c> is its argument.</summary>
    public static string Program => $"{Home}/bin/catalina.sh";

    /// <summary>What it finds itself by, and a small machine.</summary>
    /// <param name="javaOptions">Options for Java besides.</param>
    public IReadOnlyDictionary<string, string> Environment(string javaOptions = "") => new Dictionary<string, string>
    {
        ["CATALINA_HOME"] = Home,
        ["CATALINA_BASE"] = folder.FullName,
        ["JAVA_OPTS"] = $"-Xmx128m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC {javaOptions}",
    };

    /// <inheritdoc />
    public void Dispose() => folder.Delete(recursive: true);

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(folder.FullName, name), text);
}
