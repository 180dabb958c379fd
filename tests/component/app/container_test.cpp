// The whole server in this process: start, serve, stop, and what stands in its way.
#include "app/container.hpp"

#include <gmock/gmock.h>

#include "component/http_api/api_client.hpp"
#include "support/certificate.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_peer.hpp"

namespace togglecast::app {
namespace {

using ::testing::HasSubstr;
using togglecast::testing::http;

class ContainerTest : public ::testing::Test {
 protected:
  ContainerTest() {
    settings_.data = folder_.path() / "data";
    settings_.port = 0;
    settings_.listen = {"127.0.0.1"};
    settings_.shards = 2;
  }
  Result<std::unique_ptr<Container>> build() { return Container::build(settings_, runtime_, first_login_); }

  togglecast::testing::TemporaryFolder folder_;
  Settings settings_;
  Runtime runtime_{{.level = observe::Level::off}};
  FirstLogin first_login_{folder_.path() / "data", false, runtime_.random};
};

TEST_F(ContainerTest, ServesUntilItStops) {
  settings_.metrics_listen = Endpoint{"127.0.0.1", 0};
  auto server = build().value();
  const auto bound = server->listen().value();

  server->serve();

  EXPECT_EQ(http(bound.port, "GET", "/readyz").status, 200U);
  EXPECT_EQ(http(bound.port, "GET", "/").status, 200U);
  EXPECT_EQ(http(bound.port, "GET", "/socket.io/?EIO=4&transport=polling").status, 200U);
  const auto metrics = http(*bound.metrics_port, "GET", "/metrics", {{"X-Forwarded-For", "192.0.2.1"}});
  EXPECT_THAT(metrics.body, HasSubstr("togglecast_sessions_open 1"));
  EXPECT_THAT(metrics.body, HasSubstr("togglecast_sockets{namespace=\"/client\"} 0"));
  server->stop();
  EXPECT_THROW(http(bound.port, "GET", "/healthz"), std::runtime_error);
}

TEST_F(ContainerTest, StartsAgainWithWhatItKept) {
  std::uint16_t port = 0;
  {
    auto server = build().value();
    port = server->listen().value().port;
    server->serve();
  }
  EXPECT_EQ(first_login_.disclosure(), FirstLogin::Disclosure::in_file);
  FirstLogin later(folder_.path() / "data", false, runtime_.random);
  settings_.port = port;

  auto server = Container::build(settings_, runtime_, later).value();

  EXPECT_TRUE(server->listen());
  EXPECT_EQ(later.disclosure(), FirstLogin::Disclosure::none);
}

TEST_F(ContainerTest, ShutsOutASecondProcessOnTheSameData) {
  const auto server = build().value();

  const auto second = build();

  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("in use by process " + std::to_string(::getpid())));
}

TEST_F(ContainerTest, SaysThatThePortIsTaken) {
  auto server = build().value();
  settings_.port = server->listen().value().port;
  server->serve();
  settings_.data = folder_.path() / "other";
  Runtime another{
      {.level = observe::Level::off}};  // as of a process: the metrics read the server that they are of

  const auto refused = Container::build(settings_, another, first_login_).value()->listen();

  ASSERT_FALSE(refused);
  const std::string port = std::to_string(settings_.port);
  EXPECT_EQ(refused.error().message,
            "port " + port +
                " is taken; choose another one with --port, or stop the process that "
                "holds it (ss -ltnp 'sport = :" +
                port + "' shows it)");
}

TEST_F(ContainerTest, ServesTlsWithTheCertificateOfTheLastReload) {
  const auto files = test::make_certificate(folder_.path(), "server", {.name = "before"});
  settings_.tls_certificate = files.certificate;
  settings_.tls_key = files.key;
  settings_.metrics_listen = Endpoint{"127.0.0.1", 0};
  auto server = build().value();
  const auto bound = server->listen().value();
  server->serve();
  const auto served_name = [&] {
    test::TlsClient client(bound.port);
    EXPECT_TRUE(client.connect());
    client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(client.receive_until("\r\n"), HasSubstr("200"));
    return client.peer().server_name();
  };
  EXPECT_EQ(served_name(), "before");

  test::make_certificate(folder_.path(), "server", {.name = "after"});
  server->reload_certificate();
  EXPECT_EQ(served_name(), "after");
  std::filesystem::remove(files.key);
  server->reload_certificate();
  EXPECT_EQ(served_name(), "after");

  const auto metrics = http(*bound.metrics_port, "GET", "/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("togglecast_tls_handshakes_total{resumed=\"no\"} 3"));
  EXPECT_THAT(metrics, HasSubstr("togglecast_tls_handshake_failures_total{reason=\"plaintext\"} 0"));
  EXPECT_THAT(metrics, HasSubstr("togglecast_tls_certificate_expiry_timestamp_seconds"));
}

TEST_F(ContainerTest, ACertificateThatIsNoGoodStopsTheStartBeforeAnyDataIsMade) {
  settings_.tls_certificate = folder_.path() / "missing.crt";
  settings_.tls_key = folder_.path() / "missing.key";

  const auto refused = build();

  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("missing.crt"));
  EXPECT_FALSE(std::filesystem::exists(settings_.data));
}

TEST_F(ContainerTest, AnAddressThatIsNotOursIsAnError) {
  settings_.listen = {"192.0.2.1"};

  const auto refused = build().value()->listen();

  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("cannot listen on 192.0.2.1"));
}

}  // namespace
}  // namespace togglecast::app
