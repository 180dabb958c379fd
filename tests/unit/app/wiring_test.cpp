#include "app/wiring.hpp"

#include <gmock/gmock.h>

#include <cerrno>
#include <chrono>
#include <fstream>

#include "support/temporary_folder.hpp"

namespace togglecast::app {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Each limit another one than by default.
Settings unusual() {
  Settings settings;
  settings.max_payload = 1'001;
  settings.login_payload = 22;
  settings.reader_backlog = 23;
  settings.slow_poll_backlog = 24;
  settings.reader_patience = std::chrono::seconds{25};
  settings.max_header_size = 1'002;
  settings.request_timeout = std::chrono::seconds{3};
  settings.connect_timeout = std::chrono::seconds{4};
  settings.namespaces_per_connection = 5;
  settings.packets_per_payload = 6;
  settings.fragments_per_message = 7;
  settings.attachments_per_packet = 8;
  settings.json_depth = 9;
  settings.pending_acks = 11;
  settings.connections_per_client = 19;
  settings.full_state_rate = {.per_second = 20, .burst = 21};
  settings.message_queue = 1'012;
  settings.event_rate = {.per_second = 13, .burst = 14};
  settings.write_rate = {.per_second = 15, .burst = 16};
  settings.announcement_rate = {.per_second = 17, .burst = 18};
  return settings;
}

// What the options of sockets refer to.
struct Parts {
  ManualClock clock;
  observe::Metrics metrics;
  observe::Log log{{}, [](std::string_view) {}, clock};
  AddressLimits limits{{}, clock, metrics};
  RefusalLog refusals{log, clock};

  socketio::Options sockets(const Settings& settings) {
    return socketio_options(settings, limits, refusals, log);
  }
};

TEST(Wiring, SessionsBeginWithTheNodesTag) {
  Parts parts;
  const auto tag = [&](std::uint16_t port, std::string named) {
    Settings settings;
    settings.port = port;
    settings.node_tag = std::move(named);
    const engineio::Options made = parts.sockets(settings).engine;
    EXPECT_THAT(made.other_node_message, AllOf(HasSubstr("Session ID unknown"), HasSubstr("['websocket']"),
                                               HasSubstr("docs/deployment.md")));
    return made.node_tag.value();
  };

  EXPECT_EQ(tag(5001, "n1"), (engineio::NodeTag{'n', '1'}));
  EXPECT_EQ(tag(5001, ""), tag(5001, ""));
  EXPECT_NE(tag(5001, ""), tag(5002, ""));
}

TEST(Wiring, ALineAboutOtherNodesIsLoggedOnce) {
  ManualClock clock;
  int lines = 0;
  observe::Log log(
      {}, [&lines](std::string_view text) { lines += text.find("another node") != std::string_view::npos; },
      clock);
  RefusalLog refusals(log, clock);

  refusals.other_node("192.0.2.1");
  refusals.other_node("192.0.2.2");

  EXPECT_EQ(lines, 1);
}

TEST(Wiring, LimitsOfConnectionsArrive) {
  Parts parts;

  const socketio::Options options = parts.sockets(unusual());

  EXPECT_EQ(options.connect_timeout, Milliseconds{4'000});
  EXPECT_EQ(options.namespaces_per_connection, 5U);
  EXPECT_EQ(options.pending_acks, 11U);
  EXPECT_EQ(options.decoder.attachments, 8U);
  EXPECT_EQ(options.decoder.json.depth, 9U);
  EXPECT_EQ(options.engine.max_payload, 1'001U);
  EXPECT_EQ(options.engine.untrusted_payload, 22U);
  EXPECT_THAT(options.engine.untrusted_payload_message,
              HasSubstr("at most 22 bytes at once (--login-payload)"));
  EXPECT_EQ(options.engine.polling_backlog, 23U);
  EXPECT_EQ(options.engine.stream.backlog_bytes, 23U);
  EXPECT_EQ(options.engine.unpolled_backlog, 24U);
  EXPECT_EQ(options.engine.poll_overdue, Milliseconds{25'000});
  EXPECT_EQ(options.engine.packets_per_payload, 6U);
  EXPECT_EQ(options.engine.fragments_per_message, 7U);
  EXPECT_TRUE(options.close_when_left) << "who left every namespace does not stay";
}

TEST(Wiring, TimesArrive) {
  using std::chrono::seconds;
  Settings settings;
  settings.ping_interval = seconds{1};
  settings.ping_timeout = seconds{2};
  settings.upgrade_timeout = seconds{3};
  settings.close_grace = seconds{4};
  settings.stall_timeout = seconds{6};
  settings.keep_alive_timeout = seconds{7};
  settings.expiry_warning = seconds{8};
  settings.idempotency_age = seconds{9};
  settings.message_retention = seconds{10};
  settings.min_revision_wait = seconds{11};
  settings.rollout_patience = seconds{12};
  settings.sync_window = seconds{13};
  settings.cors_max_age = seconds{14};
  settings.issuer_token_lifetime = seconds{15};
  settings.issuer_stale_keys = seconds{16};
  settings.tls_ticket_lifetime = seconds{17};
  settings.stream_heartbeat = seconds{18};

  Parts parts;

  const socketio::Options sockets = parts.sockets(settings);
  EXPECT_EQ(sockets.engine.ping_interval, seconds{1});
  EXPECT_EQ(sockets.engine.ping_timeout, seconds{2});
  EXPECT_EQ(sockets.engine.upgrade_timeout, seconds{3});
  EXPECT_EQ(sockets.engine.close_grace, seconds{4});
  EXPECT_EQ(sockets.engine.stream.stall, seconds{6});
  const web::HttpOptions http = http_options(settings);
  EXPECT_EQ(http.stall_timeout, seconds{6});
  EXPECT_EQ(http.keep_alive_timeout, seconds{7});
  const realtime::Options realtime = realtime_options(settings);
  EXPECT_EQ(realtime.expiry_warning, seconds{8});
  EXPECT_EQ(realtime.idempotency_age, seconds{9});
  EXPECT_EQ(realtime.rollout_patience, seconds{12});
  EXPECT_EQ(realtime.sync_window, seconds{13});
  const http_api::StreamOptions streams = stream_options(settings, parts.limits);
  EXPECT_EQ(streams.expiry_warning, seconds{8});
  EXPECT_EQ(streams.heartbeat, seconds{18});
  EXPECT_EQ(mailbox_options(settings).keys, seconds{9});
  EXPECT_EQ(mailbox_options(settings).kept, seconds{10});
  const http_api::Options api = api_options(settings);
  EXPECT_EQ(api.min_revision_wait, seconds{11});
  EXPECT_EQ(api.cors.max_age, seconds{14});
  EXPECT_EQ(issuer_options(settings).longest_token, seconds{15});
  EXPECT_EQ(issuer_options(settings).stale_keys, seconds{16});
  EXPECT_EQ(tls_options(settings).ticket_life, seconds{17});
}

TEST(Wiring, LimitsOfEventsAndMessagesArrive) {
  const realtime::Options options = realtime_options(unusual());

  EXPECT_EQ(options.login_deadline, Milliseconds{4'000});
  EXPECT_EQ(options.connections_per_client, 19U);
  EXPECT_EQ(options.full_states.per_second, 20);
  EXPECT_EQ(options.full_states.burst, 21);
  EXPECT_EQ(options.message_queue, 1'012U);
  EXPECT_EQ(options.events.per_second, 13);
  EXPECT_EQ(options.events.burst, 14);
  EXPECT_EQ(options.announcements.per_second, 17);
  EXPECT_EQ(options.announcements.burst, 18);
}

TEST(Wiring, LimitsOfRequestsArrive) {
  const web::HttpOptions http = http_options(unusual());
  EXPECT_EQ(http.limits.header_bytes, 1'002U);
  EXPECT_EQ(http.limits.body_bytes, 1'001U);
  EXPECT_EQ(http.request_timeout, Milliseconds{3'000});
  EXPECT_EQ(tls_options(unusual()).handshake_timeout, Milliseconds{3'000});

  const http_api::Options api = api_options(unusual(), nullptr);
  EXPECT_EQ(api.max_body, 1'001U);
  EXPECT_EQ(api.json_depth, 9U);
  EXPECT_EQ(api.writes.per_second, 15);
  EXPECT_EQ(api.writes.burst, 16);
}

TEST(Wiring, NamesAndProxiesReachEachEntrance) {
  Settings settings;
  settings.public_urls = {"https://flags.example"};
  settings.trusted_proxies = {"10.0.0.1"};
  settings.forwarded = web::ForwardedBy::forwarded;
  settings.exempt_loopback = true;
  wire::http::Headers headers;
  headers.add("Forwarded", "for=192.0.2.1");

  const auto http = http_options(settings);
  const auto api = api_options(settings, nullptr);

  const auto own = wire::http::parse_authority("flags.example").value();
  const auto foreign = wire::http::parse_authority("evil.example").value();
  for (const auto& hosts : {http.own_hosts, api.cors.own_hosts}) {
    ASSERT_TRUE(hosts);
    EXPECT_TRUE(hosts->include(own));
    EXPECT_FALSE(hosts->include(foreign));
  }
  EXPECT_EQ(http.host_option, "--public-url");
  EXPECT_EQ(http.trusted_proxies.resolve("10.0.0.1", headers).address, "192.0.2.1");
  EXPECT_TRUE(api.exempt_loopback);
}

TEST(Wiring, PasswordsOfRedisComeFromFiles) {
  const togglecast::testing::TemporaryFolder folder;
  const auto file = [&](const char* name, const char* text) {
    std::ofstream(folder.path() / name) << text;
    return folder.path() / name;
  };
  Settings settings;
  settings.redis = Secret("redis-sentinel://:in-url@one,two/main");
  settings.redis_password_file = file("password", "in file \n");
  settings.redis_sentinel_password_file = file("sentinel", "of sentinels");

  const auto options = redis_options(settings);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->address.service, "main");
  EXPECT_EQ(options->address.password.reveal(), "in file ");
  EXPECT_EQ(options->sentinel_password.reveal(), "of sentinels");

  settings.redis_password_file = file("empty", "\n");
  EXPECT_THAT(redis_options(settings).error().message, HasSubstr("--redis-password-file: cannot read "));
}

class AcceptGateTest : public ::testing::Test {
 protected:
  bool lets_in(const std::string& address) {
    auto held = gate_(boost::asio::ip::make_address(address));
    if (held) open_.push_back(*std::move(held));
    return held.has_value();
  }

  ManualClock clock_;
  observe::Metrics metrics_;
  std::vector<std::string> lines_;
  observe::Log log_{{}, [this](std::string_view line) { lines_.emplace_back(line); }, clock_};
  AddressLimits limits_{{.open = 2}, clock_, metrics_};
  RefusalLog refusals_{log_, clock_};
  Settings settings_ = [] {
    Settings settings;
    settings.trusted_proxies = {"10.0.0.0/8"};
    return settings;
  }();
  net::AcceptGate gate_ = accept_gate(settings_, limits_, refusals_);
  std::vector<HeldPtr> open_;
};

TEST_F(AcceptGateTest, OneAddressHasNoMoreThanTwiceItsLimit) {
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(lets_in("192.0.2.1"));
  EXPECT_FALSE(lets_in("192.0.2.1"));
  EXPECT_TRUE(lets_in("192.0.2.2"));
  EXPECT_THAT(metrics_.exposition(), HasSubstr("togglecast_connections_limited_total{limit=\"open\"} 1"));
}

TEST_F(AcceptGateTest, TrustedProxiesHaveAsManyAsTheyLike) {
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(lets_in("10.1.2.3"));
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(AcceptGateTest, ThisMachineIsOneAddressLikeAnyOther) {
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(lets_in("127.0.0.1") && lets_in("::1"));
  EXPECT_FALSE(lets_in("127.0.0.1"));
  EXPECT_FALSE(lets_in("127.0.0.2"));
  EXPECT_THAT(lines_, ElementsAre(AllOf(HasSubstr("127.0.0.1"), HasSubstr("--trusted-proxy"))));
}

TEST_F(AcceptGateTest, TheLogNamesAddressAndOptionOnceASecond) {
  for (int i = 0; i < 100; ++i) lets_in("192.0.2.1");
  EXPECT_THAT(lines_, ElementsAre(AllOf(HasSubstr("192.0.2.1"), HasSubstr("--connections-per-address"))));

  clock_.advance(Milliseconds{1'000});
  lets_in("192.0.2.1");
  EXPECT_EQ(lines_.size(), 2U);
}

TEST_F(AcceptGateTest, TheLogSaysWhatToRaiseWhenDescriptorsAreUsedUp) {
  for (int i = 0; i < 100; ++i) refusals_.exhausted(EMFILE);

  EXPECT_THAT(lines_, ElementsAre(AllOf(HasSubstr("no file descriptor"), HasSubstr("ulimit -n"))));
}

}  // namespace
}  // namespace togglecast::app
