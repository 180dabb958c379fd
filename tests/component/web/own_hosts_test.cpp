// Requests for a host that is not this server's.
#include "component/web/http_fixture.hpp"

namespace togglecast::web::testing {
namespace {

using ::testing::HasSubstr;

class OwnHostsTest : public HttpConnectionTest {
 protected:
  OwnHostsTest() {
    options_.own_hosts = OwnHosts::parse({"https://flags.example"}).value();
    options_.host_option = "--public-url";
    options_.trusted_proxies = TrustedProxies::parse({"127.0.0.2"}).value();
    RouteOptions probe;
    probe.any_host = true;
    router_.add(
        Method::get, "/probe", [](const ExchangePtr& exchange) { exchange->respond(text("alive")); }, probe);
    RouteOptions own_words;
    own_words.refuse_host = [](const Exchange&, unsigned status, std::string_view) {
      return text("in our words", status);
    };
    own_words.on_headers = [this](const wire::http::Request&, net::Shard&) -> BodyAborted {
      return [this](unsigned status) { aborted_.put(unsigned{status}); };
    };
    router_.add(
        Method::post, "/api", [](const ExchangePtr& exchange) { exchange->respond(text("reached")); },
        own_words);
  }
  test::HttpResponse ask(std::string_view host, std::string_view headers = {},
                         std::string_view target = "/hello") {
    auto client = connect();
    client.tcp().send("GET " + std::string(target) + " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n" +
                      std::string(headers) + "\r\n");
    return client.receive();
  }

  Mailbox<unsigned> aborted_;
};

TEST_F(OwnHostsTest, AddressesLocalhostAndListedNamesAreServed) {
  for (const char* host :
       {"127.0.0.1:5001", "192.0.2.1", "[::1]:80", "localhost:5001", "flags.example", "FLAGS.example.:8443"})
    EXPECT_EQ(ask(host).status, 200) << host;
}

TEST_F(OwnHostsTest, AnotherNameIsRefusedAndTheRefusalNamesTheOption) {
  const auto refused = ask("evil.example:5001");

  EXPECT_EQ(refused.status, 421);
  EXPECT_THAT(refused.body, HasSubstr("evil.example is not a name of this server"));
  EXPECT_THAT(refused.body, HasSubstr("--public-url http://evil.example:5001"));
  EXPECT_EQ(server_->counters().foreign_hosts.load(), 1U);
  EXPECT_THAT(refused_.take().value_or("none"), HasSubstr("421"));
}

TEST_F(OwnHostsTest, ABrowserGetsAPage) {
  const auto refused = ask("evil.example", "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n");

  EXPECT_EQ(refused.status, 421);
  EXPECT_THAT(refused.header("Content-Type"), HasSubstr("text/html"));
  EXPECT_THAT(refused.body, HasSubstr("--public-url http://evil.example"));
}

TEST_F(OwnHostsTest, ProbesAnswerUnderAnyName) { EXPECT_EQ(ask("evil.example", {}, "/probe").body, "alive"); }

TEST_F(OwnHostsTest, ARouteMayRefuseInItsOwnWordsAndHearsThatItsBodyIsLost) {
  auto client = connect();
  client.tcp().send("POST /api HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 2\r\n\r\n{}");

  const auto refused = client.receive();

  EXPECT_EQ(refused.status, 421);
  EXPECT_EQ(refused.body, "in our words");
  EXPECT_EQ(aborted_.take().value_or(0), 421U);
}

TEST_F(OwnHostsTest, AHostThatIsNoneIsMalformed) {
  for (const char* host : {"evil.example:0", "evil.example:65536", "a..b", "[::1"})
    EXPECT_EQ(ask(host).status, 400) << host;
}

TEST_F(OwnHostsTest, WithoutAHostARequestOfOldClientsIsServed) {
  auto client = connect();
  client.tcp().send("GET /hello HTTP/1.0\r\n\r\n");

  EXPECT_EQ(client.receive().status, 200);
}

TEST_F(OwnHostsTest, AForwardedHostOfAStrangerDoesNotCount) {
  EXPECT_EQ(ask("evil.example", "X-Forwarded-Host: flags.example\r\n").status, 421);
}

class ProxiedHostsTest : public OwnHostsTest {
 protected:
  ProxiedHostsTest() { options_.trusted_proxies = TrustedProxies::parse({"127.0.0.1"}).value(); }
};

TEST_F(ProxiedHostsTest, TheHostThatATrustedProxyNamesCounts) {
  EXPECT_EQ(ask("upstream:5001", "X-Forwarded-Host: flags.example\r\n").status, 200);
  EXPECT_EQ(ask("127.0.0.1:5001", "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\n").status,
            421);
  EXPECT_EQ(ask("upstream:5001").status, 421);
}

class IgnoredHeadersTest : public OwnHostsTest {
 protected:
  IgnoredHeadersTest() {
    options_.on_ignored_header = [this](std::string_view address, std::string_view header, bool trusted) {
      told_.put(std::string(address) + " " + std::string(header) + (trusted ? " trusted" : " unnamed"));
    };
  }
  Mailbox<std::string> told_;
};

TEST_F(IgnoredHeadersTest, AreToldOnce) {
  EXPECT_EQ(ask("localhost").status, 200);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("localhost", "X-Forwarded-For: 192.0.2.1\r\n").status, 200);

  EXPECT_THAT(told_.all(), ::testing::ElementsAre("127.0.0.1 X-Forwarded-For unnamed"));
}

}  // namespace
}  // namespace togglecast::web::testing
