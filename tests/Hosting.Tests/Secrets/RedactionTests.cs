using JustRunIt.Hosting.Secrets;

namespace JustRunIt.Hosting.Tests.Secrets;

public sealed class RedactionTests
{
    private const string Secret = "hunter2";

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: shop\r\nCookie: theme=dark; id=hunter2\r\nAccept: */*\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nSet-Cookie: id=hunter2; Path=/\r\n\r\n")]
    [InlineData("Authorization: Basic hunter2hunter2")]
    [InlineData("Authorization: Custom a=1,\r\n hunter2\r\nAccept: */*")]
    [InlineData("GET / HTTP/1.1 Host: shop Proxy-Authorization: Negotiate hunter2abc")]
    [InlineData("X-Api-Key: hunter2")]
    [InlineData("X-Auth-Token: hunter2")]
    [InlineData("GET / HTTP/1.1\r\nHost: shop\r\nPrivate-Token: my hunter2\r\nAccept: */*\r\n\r\n")]
    [InlineData("GET / HTTP/1.1 Host: shop Private-Token: hunter2 Accept: */*")]
    [InlineData("Access-Token: my hunter2")]
    [InlineData("X-Session-Id:hunter2")]
    [InlineData("Password: a,\r\n hunter2\r\nAccept: */*")]
    [InlineData("user: bob\npassword: hunter2\n")]
    [InlineData("users:\n  - name: bob\n    password: >\n      hunter2\n    age: 3")]
    [InlineData("cannot start: {user: bob, password: 'hunter2'}")]
    [InlineData("why=password=hunter2")]
    [InlineData("why: password: hunter2")]
    [InlineData("SET @token := hunter2")]
    [InlineData("GET /login?user=bob&password=hunter2 HTTP/1.1")]
    [InlineData("GET /cart;jsessionid=hunter2?page=1 HTTP/1.1")]
    [InlineData("GET /?pass%77ord=hunter2 HTTP/1.1")]
    [InlineData("user=bob&new_password=hunter2&again=1")]
    [InlineData("{\"user\":\"bob\",\"password\":\"hunter2\",\"age\":3}")]
    [InlineData("{\"user\":\"bob\", \"accessToken\" : \"a\\\"hunter2\"}")]
    [InlineData("{\"log\":\"{\\\"password\\\":\\\"hunter2\\\"}\"}")]
    [InlineData("{\"secrets\":[\"a\",\"hunter2\"]}")]
    [InlineData("{\"password\":\"hunter2")]
    [InlineData("{\"user\":{\"name\":\"bob\",\"password\":\"hunter2\"}}")]
    [InlineData("<login><user>bob</user><password kind=\"x\">hunter2</password></login>")]
    [InlineData("Content-Disposition: form-data; name=\"password\"\r\n\r\nhunter2\r\n--x--")]
    [InlineData("Host=db;Username=u;Password=hunter2;Database=d")]
    [InlineData("Host=db;Username=u;Password=my hunter2;Database=d")]
    [InlineData("host=db password='my hunter2' user=u")]
    [InlineData("cannot reach amqp://guest:hunter2@broker:5672/v")]
    [InlineData("token is Bearer hunter2hunter2")]
    [InlineData("CREATE USER bob IDENTIFIED BY 'hunter2'")]
    [InlineData("ALTER USER bob IDENTIFIED WITH mysql_native_password AS '*hunter2'")]
    [InlineData("ALTER USER bob IDENTIFIED BY 'new' REPLACE 'hunter2'")]
    [InlineData("SET PASSWORD FOR 'bob'@'%' = PASSWORD('hunter2')")]
    [InlineData("SET PASSWORD FOR 'bob'@'%' = 'hunter2'")]
    [InlineData("ALTER ROLE bob WITH ENCRYPTED PASSWORD 'hunter2' VALID UNTIL '2030-01-01'")]
    [InlineData("ALTER ROLE bob PASSWORD E'hunter2'")]
    [InlineData("ALTER ROLE bob PASSWORD $$hunter2$$")]
    [InlineData("UPDATE accounts SET password_hash = 'hunter2' WHERE id = 3")]
    [InlineData("SELECT id FROM accounts WHERE name = 'bob' AND password='hunter2'")]
    [InlineData("INSERT INTO accounts (name, password) VALUES ('bob', 'hunter2')")]
    [InlineData("SELECT crypt('hunter2', gen_salt('bf'))")]
    public void What_lets_somebody_in_is_taken_out(string text)
    {
        var redacted = Redaction.Default.Text(text);

        Assert.DoesNotContain(Secret, redacted, StringComparison.Ordinal);
        Assert.Contains(Redaction.Mark, redacted, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("card=4111111111111111&name=bob")]
    [InlineData("4111 1111 1111 1111")]
    [InlineData("paid with 4111-1111-1111-1111.")]
    [InlineData("3782 822463 10005")]
    [InlineData("5 4111111111111111")]
    [InlineData("{\"number\":5555555555554444}")]
    public void Numbers_like_those_of_cards_are_taken_out(string text)
    {
        var redacted = Redaction.Default.Text(text);

        Assert.True(redacted.Count(char.IsAsciiDigit) <= 1, redacted);
    }

    [Theory]
    [InlineData("GET /products/1234?page=2 HTTP/1.1\r\nHost: shop\r\nAccept: */*\r\n\r\n")]
    [InlineData("SELECT id, name FROM items WHERE price < 100 AND name = 'lamp'")]
    [InlineData("{\"item\":\"lamp\",\"count\":3}")]
    [InlineData("virtual machine shop-app did not answer within 90 s")]
    [InlineData("order 4111111111111112 is no card")]
    [InlineData("http://10.0.0.5:8080/a@b")]
    [InlineData("{secret:shop-db} is no file of the agent's")]
    [InlineData("SecurityTokenExpiredException: the clock is wrong")]
    [InlineData("the password is wrong: try again")]
    [InlineData("tiers:\n  - service: shop\n    listen: 127.0.0.1:9101\n")]
    [InlineData("started shop-app on app-1 at 127.0.0.1:9001")]
    public void What_everybody_may_read_stays(string text) => Assert.Equal(text, Redaction.Default.Text(text));

    [Fact]
    public void Names_of_fields_stay_and_so_does_what_is_around_them() => Assert.Equal(
        "GET /login?user=bob&password=*** HTTP/1.1\r\nCookie: ***\r\nAccept: */*",
        Redaction.Default.Text("GET /login?user=bob&password=hunter2 HTTP/1.1\r\nCookie: id=1\r\nAccept: */*"));

    [Fact]
    public void Lines_after_a_secret_one_stay_unless_they_go_on_with_it() => Assert.Equal(
        "users:\n  - password: ***\n    name: bob\nPrivate-Token: ***\r\nAccept: */*",
        Redaction.Default.Text("users:\n  - password: |\n      one\n      two\n    name: bob\nPrivate-Token: a\r\n b\r\nAccept: */*"));

    [Theory]
    [InlineData("iban=hunter2&x=1")]
    [InlineData("{\"IBAN\":\"hunter2\"}")]
    [InlineData("GET / HTTP/1.1\r\nIban: hunter2\r\nHost: a")]
    [InlineData("<iban>hunter2</iban>")]
    [InlineData("INSERT INTO t (id, iban) VALUES (1, 'hunter2')")]
    public void Fields_that_were_named_are_taken_out(string text)
    {
        Assert.Equal(text, Redaction.Default.Text(text));
        Assert.DoesNotContain(Secret, new Redaction(["iban"]).Text(text), StringComparison.Ordinal);
    }

    [Fact]
    public void An_excerpt_ends_in_no_half_of_a_secret()
    {
        const string text = "POST /pay HTTP/1.1\r\nHost: shop\r\n\r\nname=bob&number=4111111111";

        Assert.DoesNotContain("4111", Redaction.Default.Excerpt(text, isWhole: false, 200), StringComparison.Ordinal);
        Assert.Equal(text, Redaction.Default.Excerpt(text, isWhole: true, 200));
    }

    [Fact]
    public void A_hostile_text_takes_linear_time()
    {
        // Nested quantifiers on such a text take for ever in an engine that goes back.
        var text = string.Concat(Enumerable.Repeat("password=\"'\\\" {<a \"x\":' $$ 1 ", 20_000));

        Assert.NotEmpty(Redaction.Default.Text(text));
    }
}
