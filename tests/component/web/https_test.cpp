#include "web/https.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>

#include "net/shard_pool.hpp"
#include "support/certificate.hpp"
#include "support/http_client.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_peer.hpp"
#include "web/http_server.hpp"

namespace togglecast::web {
namespace {

using test::HttpClient;
using test::TlsClient;
using ::testing::HasSubstr;

wire::http::Response text(std::string body) {
  wire::http::Response response;
  response.body = std::move(body);
  return response;
}

class HttpsTest : public ::testing::Test {
 protected:
  HttpsTest() {
    Router router;
    router.add(wire::http::Method::get, "/scheme", [](const ExchangePtr& exchange) {
      exchange->respond(text(exchange->peer().secure ? "secure" : "plain"));
    });
    router.add(wire::http::Method::get, "/move", [this](const ExchangePtr& exchange) {
      exchange->move_to(pool_.at(1 - exchange->shard().index()), [](const ExchangePtr& moved) {
        moved->respond(text("moved " + std::string(moved->request().query.value("n"))));
      });
    });
    HttpOptions options;
    options.trusted_proxies = TrustedProxies::parse({"127.0.0.1"}).value();
    server_ = std::make_unique<HttpServer>(pool_, std::move(router), std::move(options));
    const auto files = test::make_certificate(folder_.path(), "server");
    const auto tls = net::TlsContext::load(https(files.certificate, files.key)).value();
    port_ = pool_.listen({.addresses = {"127.0.0.1"}, .tls = tls}, server_->accept_handler()).value();
    plain_port_ = pool_.listen({.addresses = {"127.0.0.1"}}, server_->accept_handler()).value();
    pool_.start();
  }
  ~HttpsTest() override {
    pool_.stop_listening();
    server_->close_all();
    pool_.stop();
  }
  static std::string get(TlsClient& client, std::string_view target, std::string_view headers = {}) {
    client.send(HttpClient::request("GET", target, {}, headers));
    const std::string head = client.receive_until("\r\n\r\n");
    const std::size_t length = head.find("Content-Length: ");
    return length == std::string::npos ? head : client.receive(std::stoul(head.substr(length + 16)));
  }

  togglecast::testing::TemporaryFolder folder_;
  net::ShardPool pool_{2};
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
  std::uint16_t plain_port_ = 0;
};

TEST_F(HttpsTest, ARequestKnowsThatItCameOverTls) {
  TlsClient client(port_, {.protocols = std::string("\x02h2\x08http/1.1", 12)});
  ASSERT_TRUE(client.connect());

  EXPECT_EQ(client.peer().protocol(), "http/1.1");
  EXPECT_EQ(get(client, "/scheme"), "secure");
  EXPECT_EQ(HttpClient(plain_port_).get("/scheme").body, "plain");
}

TEST_F(HttpsTest, ATrustedProxyKnowsBetterWhatItsClientUsed) {
  TlsClient client(port_);
  ASSERT_TRUE(client.connect());

  EXPECT_EQ(get(client, "/scheme", "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: http\r\n"), "plain");
}

TEST_F(HttpsTest, ConnectionsMoveWithTheirTls) {
  TlsClient client(port_);
  ASSERT_TRUE(client.connect());

  for (int n = 0; n < 5; ++n)
    EXPECT_EQ(get(client, "/move?n=" + std::to_string(n)), "moved " + std::to_string(n));
}

TEST_F(HttpsTest, APlainRequestIsToldWhatToUse) {
  const auto response = HttpClient(port_).get("/scheme");

  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("this port speaks TLS"));
}

}  // namespace
}  // namespace togglecast::web
