#include "app/config/settings.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <iterator>

namespace togglecast::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

RawSettings raw(const std::string& name, std::vector<std::string> values,
                const std::string& source = "here") {
  return {{name, RawSetting{std::move(values), source}}};
}

Result<Settings> only(const std::string& name, std::vector<std::string> values) {
  return read_settings(raw(name, std::move(values)), {}, {});
}

TEST(Settings, HaveDefaults) {
  const Settings settings = read_settings({}, {}, {}).value();

  EXPECT_EQ(settings.data, "data");
  EXPECT_EQ(settings.port, 5001);
  EXPECT_TRUE(settings.listen.empty());
  EXPECT_TRUE(settings.cors_origins.empty());
  EXPECT_EQ(settings.max_payload, 65'536U);
  EXPECT_EQ(settings.connections_per_address, 5'000U);
  EXPECT_EQ(settings.log.level, observe::Level::info);
}

TEST(Settings, CommandLineComesBeforeEnvironmentBeforeFileBeforeDefault) {
  const auto flag = raw("port", {"1"});
  const auto variable = raw("port", {"2"});
  const auto file = raw("port", {"3"});

  EXPECT_EQ(read_settings(flag, variable, file)->port, 1);
  EXPECT_EQ(read_settings({}, variable, file)->port, 2);
  EXPECT_EQ(read_settings({}, {}, file)->port, 3);
  EXPECT_EQ(read_settings({}, {}, {})->port, 5001);
}

TEST(Settings, AnErrorNamesWhereTheValueStood) {
  const auto wrong = read_settings({}, raw("port", {"x"}, "TOGGLECAST_PORT"), {});

  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "TOGGLECAST_PORT: 'x' is not a number from 0 to 65535");
}

TEST(Settings, NumbersAreWholeAndInRange) {
  for (const char* port : {"", "-1", "65536", "80x", " 80", "0x50"})
    EXPECT_FALSE(only("port", {port})) << port;
  EXPECT_EQ(only("port", {"0"})->port, 0);
  EXPECT_FALSE(only("shards", {"257"}));
  const auto shards = read_settings(raw("shards", {"257"}, "--shards"), {}, {});
  EXPECT_EQ(shards.error().message, "--shards: '257' is not a number from 0 to 256");
  EXPECT_EQ(only("shards", {"256"})->shards, 256U);
}

// What may be set to a number within limits, and where it arrives.
struct Limit {
  const char* option;
  std::uint64_t least;
  std::uint64_t most;
  double (*value)(const Settings& settings);
};

template <auto Member>
double count_of(const Settings& settings) {
  return static_cast<double>(settings.*Member);
}
template <auto Member>
double seconds_of(const Settings& settings) {
  return static_cast<double>((settings.*Member).count());
}
template <auto Member>
double rate_of(const Settings& settings) {
  return (settings.*Member).per_second;
}
template <auto Member>
double burst_of(const Settings& settings) {
  return (settings.*Member).burst;
}

using S = Settings;
constexpr Limit kLimits[] = {
    {"connections-per-address", 1, 1'000'000, count_of<&S::connections_per_address>},
    {"connection-rate", 1, 1'000'000, rate_of<&S::connection_rate>},
    {"connection-burst", 1, 1'000'000, burst_of<&S::connection_rate>},
    {"max-header-size", 1'024, 1'048'576, count_of<&S::max_header_size>},
    {"request-timeout", 1, 3'600, seconds_of<&S::request_timeout>},
    {"connect-timeout", 1, 3'600, seconds_of<&S::connect_timeout>},
    {"namespaces-per-connection", 1, 1'000, count_of<&S::namespaces_per_connection>},
    {"login-payload", 8'192, 67'108'864, count_of<&S::login_payload>},
    {"max-payload", 1'024, 67'108'864, count_of<&S::max_payload>},
    {"max-write-body", 1'024, 67'108'864, count_of<&S::max_write_body>},
    {"packets-per-payload", 1, 100'000, count_of<&S::packets_per_payload>},
    {"fragments-per-message", 0, 1'000'000, count_of<&S::fragments_per_message>},
    {"attachments-per-packet", 0, 1'000, count_of<&S::attachments_per_packet>},
    {"json-depth", 8, 48, count_of<&S::json_depth>},
    {"pending-acks", 1, 100'000, count_of<&S::pending_acks>},
    {"connections-per-client", 1, 1'000'000, count_of<&S::connections_per_client>},
    {"full-state-rate", 1, 1'000'000, rate_of<&S::full_state_rate>},
    {"full-state-burst", 1, 1'000'000, burst_of<&S::full_state_rate>},
    {"ring-bytes", 0, 1'099'511'627'776, count_of<&S::ring_bytes>},
    {"message-queue", 65'536, 4'194'304, count_of<&S::message_queue>},
    {"reader-backlog", 1'048'576, 1'073'741'824, count_of<&S::reader_backlog>},
    {"slow-poll-backlog", 65'536, 1'073'741'824, count_of<&S::slow_poll_backlog>},
    {"queued-bytes", 16'777'216, 1'099'511'627'776, count_of<&S::queued_bytes>},
    {"event-rate", 1, 1'000'000, rate_of<&S::event_rate>},
    {"event-burst", 1, 1'000'000, burst_of<&S::event_rate>},
    {"write-rate", 1, 1'000'000, rate_of<&S::write_rate>},
    {"write-burst", 1, 1'000'000, burst_of<&S::write_rate>},
    {"read-rate", 1, 1'000'000, rate_of<&S::read_rate>},
    {"read-burst", 1, 1'000'000, burst_of<&S::read_rate>},
    {"asset-size", 1'024, 16'777'216, count_of<&S::asset_size>},
    {"asset-storage", 1'048'576, 1'099'511'627'776, count_of<&S::asset_storage>},
    {"asset-rate", 1'024, 1'099'511'627'776, rate_of<&S::asset_rate>},
    {"asset-burst", 16'777'216, 1'099'511'627'776, burst_of<&S::asset_rate>},
    {"evaluation-rate", 1, 1'000'000, rate_of<&S::evaluation_rate>},
    {"evaluation-burst", 1, 1'000'000, burst_of<&S::evaluation_rate>},
    {"announcement-rate", 1, 1'000'000, rate_of<&S::announcement_rate>},
    {"announcement-burst", 1, 1'000'000, burst_of<&S::announcement_rate>},
    {"messages", 1, 1'000'000, count_of<&S::messages>},
    {"messages-bytes", 65'536, 4'294'967'296, count_of<&S::messages_bytes>},
    {"messages-kept", 0, 10'000'000, count_of<&S::messages_kept>},
};
constexpr std::uint64_t kDay = 86'400;
constexpr Limit kTimes[] = {
    {"store-timeout", 1, 3'600, seconds_of<&S::store_timeout>},
    {"keep-alive-timeout", 1, kDay, seconds_of<&S::keep_alive_timeout>},
    {"ping-interval", 1, 3'600, seconds_of<&S::ping_interval>},
    {"ping-timeout", 1, 3'600, seconds_of<&S::ping_timeout>},
    {"stream-heartbeat", 1, 3'600, seconds_of<&S::stream_heartbeat>},
    {"upgrade-timeout", 1, 3'600, seconds_of<&S::upgrade_timeout>},
    {"close-grace", 1, 3'600, seconds_of<&S::close_grace>},
    {"stall-timeout", 1, 3'600, seconds_of<&S::stall_timeout>},
    {"reader-patience", 1, 3'600, seconds_of<&S::reader_patience>},
    {"admin-token-lifetime", 5, kDay, seconds_of<&S::admin_token_lifetime>},
    {"session-lifetime", 60, 365 * kDay, seconds_of<&S::session_lifetime>},
    {"session-idle", 60, 365 * kDay, seconds_of<&S::session_idle>},
    {"refresh-leeway", 0, 300, seconds_of<&S::refresh_leeway>},
    {"token-lifetime", 60, 3'650 * kDay, seconds_of<&S::token_lifetime>},
    {"issuer-token-lifetime", 60, 365 * kDay, seconds_of<&S::issuer_token_lifetime>},
    {"issuer-stale-keys", 60, 30 * kDay, seconds_of<&S::issuer_stale_keys>},
    {"expiry-warning", 1, kDay, seconds_of<&S::expiry_warning>},
    {"idempotency-age", 1, 30 * kDay, seconds_of<&S::idempotency_age>},
    {"message-retention", 0, 365 * kDay, seconds_of<&S::message_retention>},
    {"min-revision-wait", 0, 60, seconds_of<&S::min_revision_wait>},
    {"rollout-patience", 1, kDay, seconds_of<&S::rollout_patience>},
    {"tls-ticket-lifetime", 60, 7 * kDay, seconds_of<&S::tls_ticket_lifetime>},
};

std::vector<Limit> limits_and_times() {
  std::vector<Limit> all(std::begin(kLimits), std::end(kLimits));
  all.insert(all.end(), std::begin(kTimes), std::end(kTimes));
  return all;
}

TEST(Settings, EveryLimitAndTimeTakesItsRangeAndNothingElse) {
  for (const Limit& limit : limits_and_times()) {
    const std::string range =
        "is not a number from " + std::to_string(limit.least) + " to " + std::to_string(limit.most);
    for (const std::uint64_t fine : {limit.least, limit.least + 1, limit.most}) {
      const auto settings = only(limit.option, {std::to_string(fine)});
      ASSERT_TRUE(settings) << limit.option << ": " << settings.error().message;
      EXPECT_EQ(limit.value(*settings), static_cast<double>(fine)) << limit.option;
    }
    std::vector<std::string> wrong{std::to_string(limit.most + 1), "", "-1", "1.5", "99999999999999999999"};
    if (limit.least > 0) wrong.push_back(std::to_string(limit.least - 1));
    for (const std::string& text : wrong) {
      const auto settings =
          read_settings(raw(limit.option, {text}, "--" + std::string(limit.option)), {}, {});
      ASSERT_FALSE(settings) << limit.option << " " << text;
      EXPECT_EQ(settings.error().message, "--" + std::string(limit.option) + ": '" + text + "' " + range);
    }
  }
}

TEST(Settings, EveryLimitHasAnOptionWhoseHelpSaysItsDefault) {
  std::size_t listed = 0;
  for (const OptionSpec& option : options()) listed += option.group == "Limits" ? 1U : 0U;
  EXPECT_EQ(listed, std::size(kLimits)) << "what is listed as a limit stands in the table of this test";
  std::size_t times = 0;
  for (const OptionSpec& option : options()) times += option.group == "Times" ? 1U : 0U;
  EXPECT_EQ(times, std::size(kTimes)) << "and every time, too";
  for (const Limit& limit : limits_and_times()) {
    const OptionSpec* option = find_option(limit.option);
    ASSERT_NE(option, nullptr) << limit.option;
    EXPECT_TRUE(option->group == "Limits" || option->group == "Times") << limit.option;
    const auto standard = static_cast<std::uint64_t>(limit.value(Settings{}));
    EXPECT_TRUE(option->help.ends_with(" [" + std::to_string(standard) + "]")) << option->help;
    EXPECT_TRUE(only(limit.option, {std::to_string(standard)})) << limit.option;
  }
}

TEST(Settings, OtherServersAreCalledAsTheOptionsSay) {
  EXPECT_TRUE(read_settings({}, {}, {})->egress_allow.empty());
  EXPECT_EQ(only("egress-allow", {"10.0.0.0/8", "::1"})->egress_allow.size(), 2U);
  for (const auto* bad : {"example.com", "169.254.0.0/16", "0.0.0.0/0", "8.8.8.8"})
    EXPECT_THAT(only("egress-allow", {bad}).error().message, HasSubstr(bad));
  EXPECT_EQ(only("egress-proxy", {"http://proxy:3128"})->egress_proxy, "http://proxy:3128");
  for (const auto* bad : {"proxy:3128", "socks5://proxy", "http://user:secret@proxy:3128"})
    EXPECT_FALSE(only("egress-proxy", {bad})) << bad;
}

TEST(Settings, SwitchesAreOnOrOff) {
  EXPECT_FALSE(read_settings({}, {}, {})->websocket_compression);
  EXPECT_TRUE(only("websocket-compression", {"on"})->websocket_compression);
  EXPECT_TRUE(only("websocket-compression", {"true"})->websocket_compression);
  EXPECT_FALSE(only("websocket-compression", {"off"})->websocket_compression);
  EXPECT_FALSE(only("websocket-compression", {"false"})->websocket_compression);
  EXPECT_THAT(only("websocket-compression", {"1"}).error().message, HasSubstr("'1' is neither on nor off"));
}

TEST(Settings, AStoreIsADatabaseAndItsPasswordIsInNoMessage) {
  EXPECT_EQ(only("store", {"postgres://u@h/d"})->store, "postgres://u@h/d");
  EXPECT_EQ(only("store", {"service=main"})->store, "service=main");
  EXPECT_EQ(only("store-listen", {"off"})->store_listen, "off");
  EXPECT_EQ(only("store-listen", {"postgresql://u@h/d"})->store_listen, "postgresql://u@h/d");
  EXPECT_EQ(Settings{}.store, "");
  for (const char* text : {"mysql://u:secret@h/d", "data:secret", "postgres://u:se/secret@h/d",
                           "postgres://u:secret@h/d?sslmod=require", ""}) {
    for (const char* option : {"store", "store-listen"}) {
      const auto refused = only(option, {text});
      ASSERT_FALSE(refused.has_value()) << text;
      EXPECT_EQ(refused.error().message.find("secret"), std::string::npos) << refused.error().message;
    }
  }
}

TEST(Settings, OriginsAreSchemeHostAndPort) {
  EXPECT_THAT(only("cors-origin", {"https://App.example", "http://localhost:3000", "*"})->cors_origins,
              ElementsAre("https://app.example", "http://localhost:3000", "*"));
  for (const char* origin : {"app.example", "https://app.example/", "https://", "://x", "https://a b"})
    EXPECT_FALSE(only("cors-origin", {origin})) << origin;
}

TEST(Settings, OriginsAreWrittenAsBrowsersSendThem) {
  EXPECT_THAT(
      only("cors-origin", {"https://app.example:443", "http://x:80", "http://y:443", "null"})->cors_origins,
      ElementsAre("https://app.example", "http://x", "http://y:443", "null"));
}

TEST(Settings, OriginsOfAppsAreOrigins) {
  EXPECT_THAT(only("cors-origin", {"file://", "capacitor://localhost", "WSS://app.example"})->cors_origins,
              ElementsAre("file://", "capacitor://localhost", "https://app.example"));
  for (const char* origin : {"https://u@app.example", "https://app.example:0", "https://app.example:65536",
                             "https://b\xc3\xbc"
                             "cher.example",
                             "file:///path"})
    EXPECT_FALSE(only("cors-origin", {origin})) << origin;
}

TEST(Settings, PublicUrlsAreOriginsOfTheWeb) {
  EXPECT_THAT(only("public-url", {"https://flags.example/", "http://togglecast:5001"})->public_urls,
              ElementsAre("https://flags.example/", "http://togglecast:5001"));
  for (const char* url : {"flags.example", "https://flags.example/path", "file://", "null", "*"})
    EXPECT_THAT(only("public-url", {url}).error().message, HasSubstr("https://flags.example")) << url;
}

TEST(Settings, ANodeTagIsTwoCharactersThatAUrlMayHold) {
  EXPECT_EQ(only("node-tag", {"n1"})->node_tag, "n1");
  EXPECT_EQ(Settings{}.node_tag, "");
  for (const char* tag : {"n", "node-1", "n/", ""})
    EXPECT_THAT(only("node-tag", {tag}).error().message, HasSubstr("is not two letters")) << tag;
}

TEST(Settings, OneKindOfForwardingHeaderIsNamed) {
  using web::ForwardedBy;
  EXPECT_EQ(Settings{}.forwarded, ForwardedBy::x_forwarded);
  EXPECT_EQ(only("forwarded", {"x-forwarded"})->forwarded, ForwardedBy::x_forwarded);
  EXPECT_EQ(only("forwarded", {"forwarded"})->forwarded, ForwardedBy::forwarded);
  EXPECT_EQ(only("forwarded", {"proxy"})->forwarded, ForwardedBy::proxy_protocol);
  EXPECT_THAT(only("forwarded", {"any"}).error().message, HasSubstr("x-forwarded, forwarded or proxy"));
}

TEST(Settings, HeadersOfPagesAreNamesOfHeaders) {
  EXPECT_THAT(only("cors-header", {"x-tenant", "DNT"})->cors_headers, ElementsAre("x-tenant", "DNT"));
  for (const char* name : {"", "x tenant", "x-a,x-b", "x-tenant:", "x\r\ny"})
    EXPECT_FALSE(only("cors-header", {name})) << name;
  EXPECT_EQ(only("cors-max-age", {"0"})->cors_max_age.count(), 0);
  EXPECT_FALSE(only("cors-max-age", {"86401"}));
}

TEST(Settings, APatternIsNoOrigin) {
  EXPECT_THAT(only("cors-origin", {"https://*.example.com"}).error().message, HasSubstr("is a pattern"));
}

TEST(Settings, AddressesAreNumeric) {
  EXPECT_THAT(only("listen", {"0.0.0.0", "::"})->listen, ElementsAre("0.0.0.0", "::"));
  EXPECT_THAT(only("listen", {"example.com"}).error().message, HasSubstr("'example.com'"));
  EXPECT_THAT(only("listen", {"127.0.0.1:80"}).error().message, HasSubstr("--listen 127.0.0.1 --port 80"));
  EXPECT_TRUE(only("trusted-proxy", {"10.0.0.0/8"}));
  EXPECT_FALSE(only("trusted-proxy", {"10.0.0.0/40"}));
}

TEST(Settings, AnAddressThatAnotherOneIncludesIsListenedOnOnce) {
  EXPECT_THAT(only("listen", {"127.0.0.1", "127.0.0.1"})->listen, ElementsAre("127.0.0.1"));
  EXPECT_THAT(only("listen", {"::", "::1", "127.0.0.1"})->listen, ElementsAre("::", "127.0.0.1"));
  EXPECT_THAT(only("listen", {"192.0.2.1", "::1", "0.0.0.0"})->listen, ElementsAre("::1", "0.0.0.0"));
}

TEST(Settings, AListenerOfItsOwnHasAPortOfItsOwn) {
  EXPECT_THAT(only("metrics-listen", {"127.0.0.1:5001"}).error().message, HasSubstr("a port of its own"));
  EXPECT_THAT(only("metrics-listen", {"0.0.0.0:5001"}).error().message, HasSubstr("a port of its own"));
  EXPECT_TRUE(only("metrics-listen", {"192.0.2.1:5001"}));
}

TEST(Settings, AListenerOfItsOwnHasAddressAndPort) {
  const auto v6 = only("metrics-listen", {"[::1]:9100"})->metrics_listen;
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->address, "::1");
  EXPECT_EQ(v6->port, 9100);
  for (const char* text : {"9100", "localhost:9100", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999"})
    EXPECT_FALSE(only("metrics-listen", {text})) << text;
}

TEST(Settings, VariablesAreReadByTheNameOfTheirOption) {
  const auto found = read_environment([](const char* name) -> const char* {
    if (std::string_view(name) == "TOGGLECAST_CORS_ORIGIN") return "https://a.example,https://b.example";
    if (std::string_view(name) == "TOGGLECAST_PORT") return "";
    if (std::string_view(name) == "TOGGLECAST_DATA") return "/var/lib/a,b";
    return nullptr;
  });

  EXPECT_EQ(found.size(), 2U) << "an empty variable sets nothing";
  EXPECT_THAT(found.at("cors-origin").values, ElementsAre("https://a.example", "https://b.example"));
  EXPECT_THAT(found.at("data").values, ElementsAre("/var/lib/a,b")) << "only lists are split";
  EXPECT_EQ(found.at("data").source, "TOGGLECAST_DATA");
}

TEST(Settings, RedisHasAUrlWhosePasswordNoMessageRepeats) {
  EXPECT_TRUE(Settings{}.redis.empty());
  EXPECT_EQ(only("redis", {"rediss://:secret@a:1/2"})->redis.reveal(), "rediss://:secret@a:1/2");
  for (const char* url : {"a", "http://:secret@a", "redis://:secret@a:x"}) {
    const auto wrong = only("redis", {url});
    ASSERT_FALSE(wrong) << url;
    EXPECT_THAT(wrong.error().message, HasSubstr("the URL of Redis ")) << url;
    EXPECT_EQ(wrong.error().message.find("secret"), std::string::npos) << url;
  }
  EXPECT_EQ(only("redis-prefix", {"shop:eu"})->redis_prefix, "shop:eu");
  for (const char* prefix : {"", "a b", "a*"}) EXPECT_FALSE(only("redis-prefix", {prefix})) << prefix;
  EXPECT_EQ(only("redis-stream-length", {"0"})->redis_stream_length, 0U);
}

TEST(Settings, ACertificateAndItsKeyGoTogether) {
  RawSettings both = raw("tls-certificate", {"a.crt"});
  both.merge(raw("tls-key", {"a.key"}));

  EXPECT_EQ(read_settings(both, {}, {})->tls_certificate, "a.crt");
  EXPECT_EQ(read_settings(raw("tls-certificate", {"a.crt"}), {}, raw("tls-key", {"b.key"}))->tls_key,
            "b.key");
  EXPECT_THAT(only("tls-certificate", {"a.crt"}).error().message, HasSubstr("--tls-key"));
  EXPECT_THAT(only("tls-key", {"a.key"}).error().message, HasSubstr("needs --tls-certificate"));
}

TEST(Settings, AnExampleIsOnlyThereWhenAskedFor) {
  EXPECT_FALSE(read_settings({}, {}, {})->demo);
  EXPECT_TRUE(only("demo", {"true"})->demo);
  EXPECT_FALSE(read_settings(raw("demo", {"off"}), raw("demo", {"on"}), {})->demo);
  EXPECT_THAT(only("demo", {"perhaps"}).error().message, HasSubstr("neither on nor off"));
}

TEST(Settings, EveryOptionHasAHelpAndAnUnmistakableName) {
  for (const OptionSpec& option : options()) {
    EXPECT_EQ(find_option(option.name), &option);
    EXPECT_FALSE(option.help.empty());
    EXPECT_FALSE(option.group.empty());
    EXPECT_EQ(option.name.find('_'), std::string_view::npos);
  }
}

TEST(Settings, NamesVariablesThatSetNothingAndTheOneThatIsMeant) {
  const char* const environment[] = {
      "HOME=/root",         "TOGGLECAST_PROT=80",          "TOGGLECAST_PORT=80", "TOGGLECAST_COLOUR=",
      "TOGGLECAST_CONFIG=", "TOGGLECAST_OWNER_PASSWORD=x", "TOGGLECAST_DATAS",   nullptr};

  const auto unknown = unknown_variables(environment);

  ASSERT_EQ(unknown.size(), 3U);
  EXPECT_EQ(unknown[0].name, "TOGGLECAST_PROT");
  EXPECT_EQ(unknown[0].meant, "TOGGLECAST_PORT");
  EXPECT_EQ(unknown[1].name, "TOGGLECAST_COLOUR");
  EXPECT_EQ(unknown[1].meant, "");
  EXPECT_EQ(unknown[2].meant, "TOGGLECAST_DATA");
}

TEST(Settings, ADrainIsSetInSecondsOrGoesByTheNumberOfSessions) {
  EXPECT_FALSE(read_settings({}, {}, {})->drain);
  EXPECT_EQ(only("drain", {"0"})->drain, std::chrono::seconds{0});
  EXPECT_EQ(only("drain", {"3600"})->drain, std::chrono::seconds{3'600});
  EXPECT_EQ(only("drain-wait", {"7"})->drain_wait, std::chrono::seconds{7});
  EXPECT_EQ(only("node-name", {"eu-1"})->node_name, "eu-1");
  EXPECT_FALSE(only("node-name", {"two words"}));
  EXPECT_FALSE(only("node-name", {std::string(101, 'n')}));
  EXPECT_FALSE(only("drain", {"3601"}));
  EXPECT_FALSE(only("drain", {"soon"}));
  EXPECT_FALSE(only("drain-wait", {"3601"}));
}

TEST(Settings, PacketsAreLoggedOfNamedConnections) {
  EXPECT_EQ(only("log-packets", {"client:acme", "address:::1"})->log_packets.size(), 2U);
  EXPECT_FALSE(only("log-packets", {"acme"}));
}

TEST(Settings, OfOpenIdConnectFitTogether) {
  const RawSettings good{{"oidc-issuer", {{"https://sso.example/realms/main"}, "here"}},
                         {"oidc-client-id", {{"togglecast"}, "here"}},
                         {"oidc-role", {{"owner=admins", "staging:editor=cn=dev,ou=x"}, "here"}}};
  const auto settings = read_settings(good, {}, {});
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->oidc.name, "sso.example");
  EXPECT_EQ(settings->oidc.roles.size(), 2U);
  EXPECT_EQ(settings->oidc.roles.back().group, "cn=dev,ou=x");

  for (const char* needed : {"oidc-issuer", "oidc-client-id", "oidc-role"}) {
    RawSettings without = good;
    without.erase(needed);
    const auto refused = read_settings(without, {}, {});
    ASSERT_FALSE(refused) << needed;
    EXPECT_THAT(refused.error().message, HasSubstr("--" + std::string(needed)));
  }
  RawSettings two_secrets = good;
  two_secrets["oidc-client-secret"] = {{"a secret"}, "here"};
  two_secrets["oidc-client-secret-file"] = {{"file"}, "here"};
  EXPECT_FALSE(read_settings(two_secrets, {}, {}));
}

TEST(Settings, OfOpenIdConnectAreChecked) {
  for (const char* issuer :
       {"", "sso.example", "https://sso.example/?a", "https://sso.example/#a", "ftp://a", "https://a b"})
    EXPECT_FALSE(only("oidc-issuer", {issuer})) << issuer;
  EXPECT_THAT(only("oidc-role", {"chief=group"}).error().message, HasSubstr("chief=group"));
  for (const char* algorithm : {"none", "HS256", "rs256"}) EXPECT_FALSE(only("oidc-algorithm", {algorithm}));
  EXPECT_THAT(only("oidc-client-secret", {"a\nb\x01"}).error().message, ::testing::Not(HasSubstr("a\nb")));
  EXPECT_FALSE(only("oidc-session", {"299"}));
}

}  // namespace
}  // namespace togglecast::app
