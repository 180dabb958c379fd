#include "cluster/redis_bus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cluster/redis/options.hpp"
#include "support/eventually.hpp"
#include "support/redis_server.hpp"
#include "unit/cluster/test_keys.hpp"

namespace togglecast::cluster {
namespace {

using test::eventually;
using test::Mailbox;
using test::RedisServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TestKeys;

redis::ClientOptions client_options(const RedisServer& server) {
  redis::ClientOptions options;
  options.address = redis::parse_address(server.url()).value();
  options.first_pause = Milliseconds{1};
  options.longest_pause = Milliseconds{20};
  return options;
}

struct Node {
  Node(const RedisServer& server, std::string name, std::string secret = "secret",
       std::string prefix = "test")
      : keys(std::move(secret)),
        log(
            {}, [this](std::string_view line) { lines.put(std::string(line)); }, clock),
        bus(redis_bus(redis::open_client(client_options(server), &metrics).value(),
                      {.node = std::move(name), .prefix = std::move(prefix), .server = "here"}, keys, clock,
                      log, metrics)
                .value()) {}
  Bus::Subscription hear(const std::string& channel) {
    return bus->subscribe(channel, [this](const Message& message) {
      heard.put(std::string(message.channel) + " " + std::string(message.node) + " " +
                std::string(message.payload));
    });
  }
  [[nodiscard]] bool ready() const {
    return eventually([this] { return bus->health().state == BusState::ready; });
  }
  [[nodiscard]] std::string metric(const std::string& line) {
    const std::string text = metrics.exposition();
    const auto at = text.find("\n" + line + " ");
    return at == std::string::npos
               ? ""
               : text.substr(at + line.size() + 2, text.find('\n', at + 1) - at - line.size() - 2);
  }
  [[nodiscard]] std::string drops(const std::string& reason) {
    return metric("togglecast_bus_dropped_total{reason=\"" + reason + "\"}");
  }

  TestKeys keys;
  ManualClock clock;
  observe::Metrics metrics;
  Mailbox<std::string> lines, heard;
  observe::Log log;
  std::unique_ptr<Bus> bus;
};

TEST(RedisBus, CarriesMessagesToTheOtherNodesInOrder) {
  RedisServer server;
  Node a(server, "a"), b(server, "b");
  const auto own = a.hear("news"), others = b.hear("news"), elsewhere = b.hear("other");
  ASSERT_TRUE(a.ready() && b.ready());
  ASSERT_TRUE(server.has_listeners("test:bus:news", 2) && server.has_listeners("test:bus:other", 1));

  for (int i = 0; i < 500; ++i) a.bus->publish("news", std::to_string(i));
  const std::string bytes("x\0\n\xff", 4);
  a.bus->publish("other", bytes);

  for (int i = 0; i < 500; ++i) ASSERT_EQ(b.heard.take(), "news a " + std::to_string(i));
  EXPECT_EQ(b.heard.take(), "other a " + bytes);
  EXPECT_EQ(a.heard.size(), 0U);
}

TEST(RedisBus, KeepsInstallationsApartByTheirPrefix) {
  RedisServer server;
  Node a(server, "a"), other(server, "b", "secret", "another"), c(server, "c");
  const auto none = other.hear("news"), some = c.hear("news");
  ASSERT_TRUE(a.ready() && other.ready() && c.ready());
  ASSERT_TRUE(server.has_listeners("test:bus:news", 1) && server.has_listeners("another:bus:news", 1));

  a.bus->publish("news", "1");

  EXPECT_EQ(c.heard.take(), "news a 1");
  EXPECT_EQ(other.heard.size(), 0U);
}

TEST(RedisBus, CallsAHandlerNoMoreOnceItsSubscriptionIsGone) {
  RedisServer server;
  Node a(server, "a"), b(server, "b");
  auto first = b.hear("news");
  const auto second = b.bus->subscribe(
      "news", [&](const Message& message) { b.heard.put("second " + std::string(message.payload)); });
  ASSERT_TRUE(a.ready() && b.ready() && server.has_listeners("test:bus:news", 1));

  a.bus->publish("news", "1");
  EXPECT_EQ(b.heard.take(), "news a 1");
  EXPECT_EQ(b.heard.take(), "second 1");
  first = {};
  a.bus->publish("news", "2");
  EXPECT_EQ(b.heard.take(), "second 2");
}

TEST(RedisBus, DropsAndCountsWhatNoNodeOfThisInstallationSays) {
  RedisServer server;
  Node a(server, "a"), stranger(server, "s", "another secret"), b(server, "b");
  auto raw = redis::open_client(client_options(server), nullptr).value();
  Mailbox<std::string> sealed;
  raw->subscribe(redis::Client::Kind::channel, "test:bus:news",
                 [&](std::string_view, std::string_view message) { sealed.put(std::string(message)); });
  const auto listening = b.hear("news");
  ASSERT_TRUE(a.ready() && b.ready() && stranger.ready() && eventually([&] { return raw->connected(); }));
  ASSERT_TRUE(server.has_listeners("test:bus:news", 2));
  const auto inject = [&](const std::string& bytes) {
    raw->command({"PUBLISH", "test:bus:news", bytes}, nullptr);
  };

  a.bus->publish("news", "1");
  ASSERT_EQ(b.heard.take(), "news a 1");
  const std::string message = sealed.take().value();
  inject(message);
  inject("hello");
  inject("2 from the future\n");
  stranger.bus->publish("news", "lies");
  // Two connections publish these, so they may arrive in any order.
  for (const char* why : {"foreign", "replayed", "malformed", "unknown_version"}) {
    EXPECT_TRUE(eventually([&] { return b.drops(why) == "1"; })) << why;
  }

  b.clock.advance(Milliseconds{600'000});
  a.bus->publish("news", "2");
  ASSERT_TRUE(eventually([&] { return b.drops("stale") == "1"; }));
  a.bus->publish("news", std::string(2 << 20, 'x'));
  EXPECT_EQ(a.drops("too_large"), "1");
  EXPECT_EQ(b.heard.size(), 0U);
  raw->stop();
}

TEST(RedisBus, SaysOnceThatRedisIsAwayAndOnceThatItIsBack) {
  RedisServer server;
  Node a(server, "a"), b(server, "b");
  const auto listening = b.hear("news");
  ASSERT_TRUE(a.ready() && b.ready());
  EXPECT_EQ(a.metric("togglecast_redis_up"), "1");
  EXPECT_THAT(a.lines.take().value(), HasSubstr("Redis is connected"));
  a.clock.advance(Milliseconds{1'000});

  for (int round = 0; round < 3; ++round) {  // the second and third time within a minute
    server.kill();
    ASSERT_TRUE(eventually([&] { return a.bus->health().state == BusState::connecting; }));
    EXPECT_THAT(a.bus->health().problem, HasSubstr("Redis at 127.0.0.1"));
    EXPECT_EQ(a.bus->health().since, a.clock.wall_now());
    a.bus->publish("news", "lost");
    ASSERT_TRUE(server.start());
    ASSERT_TRUE(a.ready() && b.ready());
  }
  EXPECT_THAT(a.lines.all(), ElementsAre(HasSubstr("Redis is away"), HasSubstr("Redis is connected")));
  ASSERT_TRUE(server.has_listeners("test:bus:news", 1));
  a.bus->publish("news", "heard");
  EXPECT_EQ(b.heard.take(), "news a heard");
  EXPECT_EQ(a.drops("not_connected"), "3");

  server.kill();
  ASSERT_TRUE(eventually([&] { return a.bus->health().state == BusState::connecting; }));
  EXPECT_EQ(a.lines.size(), 2U);
  a.clock.advance(Milliseconds{60'000});
  a.bus->publish("news", "lost");
  a.bus->publish("news", "lost");
  EXPECT_EQ(a.lines.size(), 3U);
}

TEST(RedisBus, SaysOnceThatRedisCameWhenItWasMissingAtTheStart) {
  RedisServer server;
  server.kill();
  Node a(server, "a");
  EXPECT_THAT(a.lines.take().value(), HasSubstr("Redis is away"));
  ASSERT_TRUE(server.start());
  EXPECT_THAT(a.lines.take().value(), HasSubstr("Redis is connected"));

  server.kill();  // within a minute
  ASSERT_TRUE(eventually([&] { return a.bus->health().state == BusState::connecting; }));
  ASSERT_TRUE(server.start());
  ASSERT_TRUE(a.ready());
  EXPECT_EQ(a.lines.size(), 0U);
}

TEST(RedisBus, HasAPrefix) {
  for (const char* wrong : {"", "a b", "a\n", "ä"}) EXPECT_FALSE(check_redis_prefix(wrong)) << wrong;
  EXPECT_FALSE(check_redis_prefix(std::string(65, 'a')));
  EXPECT_TRUE(check_redis_prefix("togglecast:eu-1.x_y"));
}

}  // namespace
}  // namespace togglecast::cluster
