#include "cluster/redis/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cluster/redis/options.hpp"
#include "observe/metrics.hpp"
#include "support/certificate.hpp"
#include "support/eventually.hpp"
#include "support/redis_server.hpp"

namespace togglecast::cluster::redis {
namespace {

using test::eventually;
using test::Mailbox;
using test::RedisServer;
using test::sentinel_config;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Milliseconds kSoon{20};

ClientOptions options_for(const std::string& url) {
  ClientOptions options;
  options.address = parse_address(url).value();
  options.first_pause = Milliseconds{1};
  options.longest_pause = kSoon;
  options.connect_timeout = options.command_timeout = Milliseconds{30'000};
  return options;
}

// A client, what it says about its connection, and commands that wait for their reply.
struct Peer {
  explicit Peer(const ClientOptions& options) : client(open_client(options, &metrics).value()) {
    client->on_connected([this](bool connected, const std::string& problem) {
      states.put({connected, problem});
    });
  }
  ~Peer() { client->stop(); }

  Result<Reply> call(std::vector<std::string> words) { return call(*client, std::move(words)); }
  static Result<Reply> call(Client& of, std::vector<std::string> words) {
    auto promise = std::make_shared<std::promise<Result<Reply>>>();
    auto future = promise->get_future();
    of.command(std::move(words), [promise](Result<Reply> reply) { promise->set_value(std::move(reply)); });
    if (future.wait_for(test::kPatience) != std::future_status::ready)
      return fail(Errc::timeout, "no reply at all");
    return future.get();
  }
  [[nodiscard]] bool connects() const {
    return eventually([this] { return client->connected(); });
  }
  [[nodiscard]] bool loses() const {
    return eventually([this] { return !client->connected(); });
  }
  std::uint64_t count(const std::string& name) {
    const std::string text = metrics.exposition();
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + name.size() + 2));
  }

  observe::Metrics metrics;
  Mailbox<std::pair<bool, std::string>> states;
  std::unique_ptr<Client> client;
};

TEST(RedisClient, GivesEachCommandItsReply) {
  RedisServer server;
  Peer peer(options_for(server.url()));
  ASSERT_TRUE(peer.connects());

  std::vector<std::int64_t> numbers;
  for (int i = 0; i < 2'000; ++i)
    peer.client->command({"INCR", "n"},
                         [&](const Result<Reply>& reply) { numbers.push_back(reply->integer); });
  const std::string bytes("a\0\r\nb", 5);
  ASSERT_TRUE(peer.call({"SET", "key", bytes}));

  ASSERT_EQ(numbers.size(), 2'000U);
  for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], static_cast<std::int64_t>(i) + 1);
  EXPECT_EQ(peer.call({"GET", "key"})->text, bytes);
  EXPECT_EQ(peer.call({"GET", "none"})->type, Reply::Type::null);
  const auto wrong = peer.call({"INCR", "key"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Errc::internal);
  EXPECT_THAT(wrong.error().message, HasSubstr("not an integer"));
  EXPECT_EQ(peer.states.take(), std::make_pair(true, std::string()));
}

TEST(RedisClient, HearsChannelsPatternsAndShardChannels) {
  RedisServer server;
  Peer peer(options_for("unix://" + server.socket()));
  Mailbox<std::string> heard;
  const auto listen = [&](const std::string& as) {
    return [&heard, as](std::string_view channel, std::string_view message) {
      heard.put(as + " " + std::string(channel) + " " + std::string(message));
    };
  };
  peer.client->subscribe(Client::Kind::pattern, "new?", listen("pattern"));
  peer.client->subscribe(Client::Kind::channel, "news", listen("channel"));
  peer.client->subscribe(Client::Kind::shard_channel, "shard", listen("shard"));
  ASSERT_TRUE(peer.connects());

  ASSERT_TRUE(server.has_listeners("news", 1) && server.has_listeners("shard", 1, "PUBSUB SHARDNUMSUB"));

  ASSERT_EQ(peer.call({"PUBLISH", "news", "1"})->integer, 2);
  EXPECT_EQ(heard.take(), "channel news 1");
  EXPECT_EQ(heard.take(), "pattern news 1");
  ASSERT_EQ(peer.call({"SPUBLISH", "shard", "2"})->integer, 1);
  EXPECT_EQ(heard.take(), "shard shard 2");

  peer.client->unsubscribe(Client::Kind::channel, "news");
  peer.client->subscribe(Client::Kind::pattern, "new?", listen("second"));
  ASSERT_TRUE(eventually([&] { return peer.call({"PUBLISH", "news", "3"})->integer == 1; }));
  ASSERT_TRUE(eventually([&] {
    const auto all = heard.all();
    return !all.empty() && all.back() == "second news 3";
  }));
}

TEST(RedisClient, ComesBackWithItsSubscriptionsAfterARestart) {
  RedisServer server;
  Peer peer(options_for(server.url()));
  Mailbox<std::string> heard;
  peer.client->subscribe(Client::Kind::channel, "news", [&](std::string_view, std::string_view message) {
    heard.put(std::string(message));
  });
  ASSERT_TRUE(peer.connects());

  for (const std::string round : {"1", "2"}) {
    server.kill();
    ASSERT_TRUE(peer.loses());
    const auto lost = peer.call({"GET", "x"});
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, Errc::unavailable);
    EXPECT_THAT(lost.error().message, HasSubstr("127.0.0.1:" + std::to_string(server.port())));

    ASSERT_TRUE(server.start());
    ASSERT_TRUE(peer.connects());
    ASSERT_EQ(peer.call({"PUBLISH", "news", round})->integer, 1);
    EXPECT_EQ(heard.take(), round);
  }
  std::vector<bool> states;
  for (const auto& [connected, problem] : peer.states.all()) {
    states.push_back(connected);
    EXPECT_EQ(problem.empty(), connected) << problem;
  }
  EXPECT_EQ(states, (std::vector<bool>{true, false, true, false, true}));
}

TEST(RedisClient, SaysOnceThatThereIsNoServerAndFindsItLater) {
  RedisServer server;
  server.kill();
  Peer peer(options_for(server.url()));

  const auto first = peer.states.take();
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->first);
  EXPECT_THAT(first->second, HasSubstr("cannot connect to Redis at 127.0.0.1:"));
  ASSERT_TRUE(eventually([&] { return peer.count("togglecast_redis_losses_total") > 10; }));
  EXPECT_EQ(peer.states.size(), 0U);

  ASSERT_TRUE(server.start());
  EXPECT_EQ(peer.states.take(), std::make_pair(true, std::string()));
}

TEST(RedisClient, GivesUpAServerThatDoesNotAnswer) {
  RedisServer server;
  ClientOptions options = options_for(server.url());
  options.command_timeout = Milliseconds{3'000};
  options.keepalive = kSoon;
  Peer peer(options);
  ASSERT_TRUE(peer.connects());

  server.freeze();
  const auto late = peer.call({"GET", "x"});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::unavailable);
  EXPECT_THAT(late.error().message, HasSubstr("did not answer within 3000 ms"));
  // The idle connection for subscriptions notices by its own questions.
  ASSERT_TRUE(eventually([&] { return peer.count("togglecast_redis_losses_total") >= 2; }));

  server.thaw();
  EXPECT_TRUE(peer.connects());
}

TEST(RedisClient, RefusesCommandsBeyondItsBounds) {
  RedisServer server;
  ClientOptions options = options_for(server.url());
  options.waiting_commands = 3;
  options.waiting_bytes = 1'000;
  Peer peer(options);
  ASSERT_TRUE(peer.connects());
  std::atomic<int> answered{0};
  const auto count = [&](const Result<Reply>&) { ++answered; };

  const auto large = peer.call({"SET", "key", std::string(2'000, 'x')});
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Errc::unavailable);
  server.freeze();
  for (int i = 0; i < 3; ++i) peer.client->command({"INCR", "n"}, count);
  const auto fourth = peer.call({"INCR", "n"});
  ASSERT_FALSE(fourth);
  EXPECT_THAT(fourth.error().message, HasSubstr("too much waits"));
  EXPECT_EQ(peer.count("togglecast_redis_commands_refused_total"), 2U);

  server.thaw();
  ASSERT_TRUE(eventually([&] { return answered == 3; }));
  EXPECT_EQ(peer.call({"INCR", "n"})->integer, 4);
}

TEST(RedisClient, LogsInAsAUserIntoADatabase) {
  RedisServer server({"user default off", "user news on >s@cr/et ~news:* &news:* +@all"});
  const std::string port = std::to_string(server.port());
  Peer peer(options_for("redis://news:s%40cr%2Fet@127.0.0.1:" + port + "/3"));
  ASSERT_TRUE(peer.connects());

  EXPECT_TRUE(peer.call({"SET", "news:1", "x"}));
  const auto denied = peer.call({"SET", "other", "x"});
  ASSERT_FALSE(denied);
  EXPECT_THAT(denied.error().message, HasSubstr("NOPERM"));
  EXPECT_THAT(peer.call({"CLIENT", "INFO"})->text,
              ::testing::AllOf(HasSubstr("db=3"), HasSubstr("name=togglecast")));

  Peer wrong(options_for("redis://news:another@127.0.0.1:" + port));
  const auto state = wrong.states.take();
  ASSERT_TRUE(state);
  EXPECT_THAT(state->second, HasSubstr("refuses AUTH: WRONGPASS"));
  EXPECT_THAT(state->second, Not(HasSubstr("another")));
  Peer none(options_for("redis://127.0.0.1:" + port));
  EXPECT_THAT(none.states.take()->second, HasSubstr("NOAUTH"));
}

TEST(RedisClient, SaysThatItMayNotSubscribe) {
  RedisServer server({"user news on >secret ~* &news:* +@all"});
  Peer peer(options_for("redis://news:secret@127.0.0.1:" + std::to_string(server.port())));
  peer.client->subscribe(Client::Kind::channel, "other", [](std::string_view, std::string_view) {});

  ASSERT_TRUE(eventually([&] {
    const auto states = peer.states.all();
    return !states.empty() &&
           states.back().second.find("refuses to subscribe to other: NOPERM") != std::string::npos;
  }));
}

TEST(RedisClient, VerifiesTheServerOverTls) {
  const togglecast::testing::TemporaryFolder folder;
  const auto good = test::make_certificate(folder.path(), "good");
  const auto other = test::make_certificate(folder.path(), "other");
  const std::uint16_t port = test::free_port();
  RedisServer server({"tls-port " + std::to_string(port), "tls-cert-file " + good.certificate.string(),
                      "tls-key-file " + good.key.string(), "tls-auth-clients no"});
  ClientOptions options = options_for("rediss://localhost:" + std::to_string(port));
  options.ca_file = good.certificate.string();

  Peer peer(options);
  ASSERT_TRUE(peer.connects());
  EXPECT_EQ(peer.call({"ECHO", std::string(100'000, 'x')})->text.size(), 100'000U);

  ClientOptions another_name = options;
  another_name.address.endpoints.front().host = "127.0.0.1";
  EXPECT_THAT(Peer(another_name).states.take()->second, HasSubstr("no TLS with Redis at 127.0.0.1:"));
  ClientOptions another_issuer = options;
  another_issuer.ca_file = other.certificate.string();
  EXPECT_THAT(Peer(another_issuer).states.take()->second, HasSubstr("no TLS with Redis at localhost:"));
  ClientOptions no_file = options;
  no_file.ca_file = (folder.path() / "none").string();
  const auto refused = open_client(no_file, nullptr);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr(no_file.ca_file));
}

TEST(RedisClient, WaitsForABlockingCommandOfAnotherConnection) {
  RedisServer server;
  ClientOptions options = options_for(server.url());
  options.command_timeout = Milliseconds{3'000};
  Peer peer(options);
  ASSERT_TRUE(peer.connects());
  const auto reader = peer.client->open_another();
  ASSERT_TRUE(eventually([&] { return reader->connected(); }));

  const auto nothing = Peer::call(*reader, {"XREAD", "BLOCK", "5000", "STREAMS", "s", "$"});
  ASSERT_TRUE(nothing);
  EXPECT_EQ(nothing->type, Reply::Type::null);
  Mailbox<Result<Reply>> entries;
  reader->command({"XREAD", "BLOCK", "0", "STREAMS", "s", "0"},
                  [&](Result<Reply> reply) { entries.put(std::move(reply)); });
  ASSERT_TRUE(eventually([&] {
    return peer.call({"CLIENT", "LIST"}).value_or(Reply{}).text.find("cmd=xread") != std::string::npos;
  }));
  ASSERT_TRUE(peer.call({"XADD", "s", "1-1", "a", "b"}));
  const auto entry = entries.take();

  ASSERT_TRUE(entry && *entry);
  EXPECT_EQ((*entry)->items[0].items[1].items[0].items[0].text, "1-1");
  const auto pong = Peer::call(*reader, {"PING"});
  ASSERT_TRUE(pong);
  EXPECT_EQ(pong->text, "PONG");
  reader->stop();
}

TEST(RedisClient, AnswersWhatWaitsWhenItStops) {
  RedisServer server;
  Peer peer(options_for(server.url()));
  ASSERT_TRUE(peer.connects());
  Mailbox<Errc> errors;
  const auto put = [&](const Result<Reply>& reply) {
    errors.put(reply ? Errc::internal : reply.error().code);
  };

  server.freeze();
  for (int i = 0; i < 3; ++i) peer.client->command({"PING"}, put);
  peer.client->stop();
  peer.client->command({"PING"}, put);

  EXPECT_EQ(errors.all(), std::vector<Errc>(4, Errc::unavailable));
  EXPECT_FALSE(peer.client->connected());
}

TEST(RedisClient, LeavesAServerThatBecameAReadOnlyReplica) {
  RedisServer primary, server;
  Peer peer(options_for(server.url()));
  ASSERT_TRUE(peer.connects());

  ASSERT_EQ(server.ask("REPLICAOF 127.0.0.1 " + std::to_string(primary.port()) + "\r\n").substr(0, 3), "+OK");
  const auto refused = peer.call({"SET", "a", "b"});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("READONLY"));
  ASSERT_TRUE(eventually([&] {
    const auto states = peer.states.all();
    return states.size() > 1 && states[1].second.find("read-only replica") != std::string::npos;
  }));

  ASSERT_EQ(server.ask("REPLICAOF NO ONE\r\n").substr(0, 3), "+OK");
  EXPECT_TRUE(eventually([&] { return peer.call({"SET", "a", "b"}).has_value(); }));
}

TEST(RedisClient, FollowsAFailoverThatSentinelMakes) {
  RedisServer primary;
  RedisServer replica({"replicaof 127.0.0.1 " + std::to_string(primary.port())});
  RedisServer sentinel(sentinel_config(primary.port()), true);
  ASSERT_TRUE(eventually([&] { return sentinel.ask("SENTINEL REPLICAS main\r\n").substr(0, 2) == "*1"; }));
  const std::string nobody = std::to_string(test::free_port());
  ClientOptions options = options_for("redis-sentinel://127.0.0.1:" + nobody +
                                      ",127.0.0.1:" + std::to_string(sentinel.port()) + "/main");
  options.keepalive = kSoon;
  Peer peer(options);
  Mailbox<std::string> heard;
  peer.client->subscribe(Client::Kind::channel, "news", [&](std::string_view, std::string_view message) {
    heard.put(std::string(message));
  });
  ASSERT_TRUE(peer.connects());
  EXPECT_EQ(peer.call({"CONFIG", "GET", "port"})->items[1].text, std::to_string(primary.port()));

  primary.kill();
  const std::string next = std::to_string(replica.port());
  ASSERT_TRUE(eventually([&] {
    const auto port = peer.call({"CONFIG", "GET", "port"});
    return port && port->items[1].text == next;
  }));

  ASSERT_TRUE(peer.connects());
  EXPECT_TRUE(peer.call({"SET", "a", "b"}));
  ASSERT_EQ(peer.call({"PUBLISH", "news", "1"})->integer, 1);
  EXPECT_EQ(heard.take(), "1");
}

// The Sentinels and the server have passwords of their own.
TEST(RedisClient, LogsInToSentinelsAsTheirUser) {
  RedisServer primary({"requirepass of-the-primary"});
  auto config = sentinel_config(primary.port());
  config.insert(config.end(), {"sentinel auth-pass main of-the-primary", "requirepass of-the-sentinel",
                               "user watcher on >of-the-watcher ~* &* +@all"});
  RedisServer sentinel(config, true);
  ClientOptions options =
      options_for("redis-sentinel://:of-the-primary@127.0.0.1:" + std::to_string(sentinel.port()) + "/main");
  EXPECT_THAT(Peer(options).states.take()->second, HasSubstr("NOAUTH")) << "without a password";
  options.sentinel_password = Secret("wrong");
  EXPECT_THAT(Peer(options).states.take()->second, HasSubstr("WRONGPASS"));

  for (const auto& [user, password] :
       {std::pair("", "of-the-sentinel"), std::pair("watcher", "of-the-watcher")}) {
    options.sentinel_username = user;
    options.sentinel_password = Secret(password);
    Peer peer(options);
    ASSERT_TRUE(peer.connects()) << user;
    EXPECT_EQ(peer.call({"CONFIG", "GET", "port"})->items[1].text, std::to_string(primary.port()));
  }
}

TEST(RedisClient, FindsThePrimaryOverTls) {
  const togglecast::testing::TemporaryFolder folder;
  const auto files = test::make_certificate(folder.path(), "good");
  const std::uint16_t port = test::free_port(), sentinel_port = test::free_port();
  const std::vector<std::string> tls{"tls-cert-file " + files.certificate.string(),
                                     "tls-key-file " + files.key.string(),
                                     "tls-ca-cert-file " + files.certificate.string(), "tls-auth-clients no"};
  auto of_primary = tls, of_sentinel = tls;
  of_primary.push_back("tls-port " + std::to_string(port));
  of_sentinel.insert(of_sentinel.end(), {"tls-port " + std::to_string(sentinel_port), "tls-replication yes",
                                         "sentinel resolve-hostnames yes", "sentinel announce-hostnames yes",
                                         "sentinel monitor main localhost " + std::to_string(port) + " 1"});
  RedisServer primary(of_primary);
  RedisServer sentinel(of_sentinel, true);
  ClientOptions options =
      options_for("rediss-sentinel://localhost:" + std::to_string(sentinel_port) + "/main");
  options.ca_file = files.certificate.string();

  Peer peer(options);

  ASSERT_TRUE(peer.connects());
  EXPECT_EQ(peer.call({"CONFIG", "GET", "tls-port"})->items[1].text, std::to_string(port));
  options.address =
      parse_address("redis-sentinel://localhost:" + std::to_string(sentinel_port) + "/main").value();
  EXPECT_FALSE(Peer(options).states.take()->first) << "and not without";
}

TEST(RedisClient, SaysThatNoSentinelKnowsTheService) {
  RedisServer primary;
  RedisServer sentinel(sentinel_config(primary.port()), true);
  Peer peer(options_for("redis-sentinel://127.0.0.1:" + std::to_string(sentinel.port()) + "/another"));

  EXPECT_THAT(peer.states.take()->second, HasSubstr("does not know the service (another)"));
}

}  // namespace
}  // namespace togglecast::cluster::redis
