// The PROXY protocol in front of HTTP and of TLS.
#include "web/proxy_protocol.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>

#include "net/shard_pool.hpp"
#include "net/timer_wheel.hpp"
#include "support/certificate.hpp"
#include "support/http_client.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_peer.hpp"
#include "web/http_server.hpp"
#include "web/https.hpp"

namespace togglecast::web {
namespace {

using namespace std::string_literals;
using test::HttpClient;
using test::Mailbox;
using test::TlsClient;
using ::testing::HasSubstr;

const std::string kV1 = "PROXY TCP4 203.0.113.9 10.0.0.1 12345 443\r\n";
const std::string kV2 =
    "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0f\xcb\x00\x71\x09\x0a\x00\x00\x01\x30\x39\x01\xbb"s + "tlv";
const std::string kLocal = "\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00"s;

class ProxyProtocolTest : public ::testing::Test {
 protected:
  ~ProxyProtocolTest() override {
    pool_.stop_listening();
    if (server_) server_->close_all();
    pool_.stop();
  }
  void serve(const std::string& proxy = "127.0.0.1") {
    Router router;
    const auto describe = [](const ExchangePtr& exchange) {
      wire::http::Response response;
      const Peer& peer = exchange->peer();
      response.body = peer.address + (peer.loopback ? " loopback" : "") + (peer.secure ? " secure" : "");
      exchange->respond(std::move(response));
    };
    router.add(wire::http::Method::get, "/peer", describe);
    router.add(wire::http::Method::get, "/move", [this, describe](const ExchangePtr& exchange) {
      exchange->move_to(pool_.at(1 - exchange->shard().index()), describe);
    });
    HttpOptions options;
    options.trusted_proxies = TrustedProxies::parse({proxy}, ForwardedBy::proxy_protocol).value();
    auto preamble = proxy_protocol(options.trusted_proxies, Milliseconds{10'000});
    preamble.on_failure = [this](net::PreambleFailure failure, std::string_view reason,
                                 const boost::asio::ip::address& peer) {
      failures_.put(std::to_string(static_cast<int>(failure)) + " " + std::string(reason) + " " +
                    peer.to_string());
    };
    const auto shared = std::make_shared<const net::Preamble>(std::move(preamble));
    server_ = std::make_unique<HttpServer>(pool_, std::move(router), std::move(options));
    const auto files = test::make_certificate(folder_.path(), "server");
    const auto tls = net::TlsContext::load(https(files.certificate, files.key)).value();
    port_ = pool_.listen({.addresses = {"127.0.0.1"}, .preamble = shared}, server_->accept_handler()).value();
    tls_port_ =
        pool_.listen({.addresses = {"127.0.0.1"}, .tls = tls, .preamble = shared}, server_->accept_handler())
            .value();
    pool_.start();
  }
  std::string ask(const std::string& header, std::string_view target = "/peer",
                  std::string_view headers = {}) {
    HttpClient client(port_);
    client.tcp().send(header + HttpClient::request("GET", target, {}, headers));
    return client.receive().body;
  }
  std::string failure_of(const std::string& bytes) {
    HttpClient client(port_);
    client.tcp().send(bytes);
    EXPECT_TRUE(client.tcp().closed_by_server());
    return failure();
  }
  std::string failure() { return failures_.take().value_or("none"); }

  togglecast::testing::TemporaryFolder folder_;
  ManualClock clock_;
  net::ShardPool pool_{2, nullptr, clock_};
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0, tls_port_ = 0;
  Mailbox<std::string> failures_;
};

TEST_F(ProxyProtocolTest, TheHeaderNamesTheClient) {
  serve();

  EXPECT_EQ(ask(kV1), "203.0.113.9");
  EXPECT_EQ(ask(kV2), "203.0.113.9");
  EXPECT_EQ(ask("PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n"), "2001:db8::1");
  EXPECT_EQ(ask("PROXY TCP6 ::ffff:203.0.113.9 ::1 1 2\r\n"), "203.0.113.9");
}

TEST_F(ProxyProtocolTest, ATlvTellsTheScheme) {
  serve();
  const std::string tls =
      "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x14\xcb\x00\x71\x09\x0a\x00\x00\x01\x30\x39\x01\xbb"s
      "\x20\x00\x05\x01\x00\x00\x00\x00"s;

  EXPECT_EQ(ask(tls), "203.0.113.9 secure");
  EXPECT_EQ(ask(tls, "/move"), "203.0.113.9 secure");
}

TEST_F(ProxyProtocolTest, NothingThatCameThroughAProxyIsLoopback) {
  serve();

  EXPECT_EQ(ask("PROXY TCP4 127.0.0.1 10.0.0.1 1 2\r\n"), "127.0.0.1");
  EXPECT_EQ(ask(kLocal), "127.0.0.1") << "the proxy itself";
  EXPECT_EQ(ask("PROXY UNKNOWN\r\n"), "127.0.0.1");
}

TEST_F(ProxyProtocolTest, HeadersOfRequestsDoNotCount) {
  serve();

  EXPECT_EQ(ask(kV1, "/peer",
                "X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.2\r\nX-Forwarded-Proto: https\r\n"),
            "203.0.113.9");
}

TEST_F(ProxyProtocolTest, TheHeaderMayComeInPieces) {
  serve();
  for (const std::string& header : {kV1, kV2}) {
    HttpClient client(port_);
    const std::string bytes = header + HttpClient::request("GET", "/peer");
    for (const char byte : bytes) client.tcp().send(std::string_view(&byte, 1));

    EXPECT_EQ(client.receive().body, "203.0.113.9");
  }
}

TEST_F(ProxyProtocolTest, StaysWithTheConnectionWhereverItMoves) {
  serve();
  HttpClient client(port_);
  client.tcp().send(kV1);

  for (int i = 0; i < 4; ++i) EXPECT_EQ(client.get("/move").body, "203.0.113.9");
}

TEST_F(ProxyProtocolTest, ComesBeforeTls) {
  serve();
  for (const std::string& header : {kV1, kV2}) {
    TlsClient client(tls_port_);
    client.tcp().send(header);
    ASSERT_TRUE(client.connect());
    client.send(HttpClient::request("GET", "/peer"));

    client.receive_until("\r\n\r\n");
    EXPECT_EQ(client.receive(18), "203.0.113.9 secure");
  }
}

TEST_F(ProxyProtocolTest, AConnectionWithoutTheHeaderIsClosed) {
  serve();

  EXPECT_THAT(failure_of("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), HasSubstr("0 PROXY header: "));
  EXPECT_THAT(failure_of("PROXY TCP4 nonsense\r\n"), HasSubstr("0 PROXY header: "));
  EXPECT_THAT(failure_of(std::string(200, '\r')), HasSubstr("127.0.0.1"));
}

TEST_F(ProxyProtocolTest, AHeaderThatDoesNotComeInTimeEndsTheConnection) {
  serve();
  HttpClient client(port_);
  client.tcp().send(kV1.substr(0, 20));
  ASSERT_TRUE(test::eventually(
      [&] { return pool_.at(0).counters().accepted.load() + pool_.at(1).counters().accepted.load() == 1; }));
  pool_.run_on_all([](net::Shard&) {});

  clock_.advance(Milliseconds{10'000} + 2 * net::TimerWheel::kTick);
  pool_.run_on_all([](net::Shard&) {});

  EXPECT_TRUE(client.tcp().closed_by_server());
  EXPECT_THAT(failure(), ::testing::StartsWith("1 "));
}

TEST_F(ProxyProtocolTest, AClientThatLeavesInTheMiddleIsForgotten) {
  serve();
  {
    HttpClient client(port_);
    client.tcp().send(kV2.substr(0, 14));
  }

  EXPECT_THAT(failure(), ::testing::StartsWith("2 "));
}

TEST_F(ProxyProtocolTest, AStrangerMaySendNone) {
  serve("192.0.2.1");

  EXPECT_EQ(ask(""), "127.0.0.1 loopback");
  HttpClient client(port_);
  client.tcp().send(kV1 + HttpClient::request("GET", "/peer"));
  EXPECT_GE(client.receive().status, 400);
}

TEST_F(ProxyProtocolTest, ConnectionsThatWaitAreClosedWithTheListener) {
  serve();
  HttpClient client(port_);
  client.tcp().send(kV1.substr(0, 20));
  ASSERT_TRUE(test::eventually(
      [&] { return pool_.at(0).counters().accepted.load() + pool_.at(1).counters().accepted.load() == 1; }));

  pool_.stop_listening();

  EXPECT_TRUE(client.tcp().closed_by_server());
}

}  // namespace
}  // namespace togglecast::web
