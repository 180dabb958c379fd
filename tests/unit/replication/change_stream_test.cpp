#include "replication/change_stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "cluster/redis/options.hpp"
#include "support/redis_server.hpp"
#include "unit/changes/changes_fixture.hpp"

namespace togglecast::replication {
namespace {

using cluster::redis::Client;
using cluster::redis::ClientOptions;
using cluster::redis::Reply;
using test::eventually;
using test::RedisServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kKey = "test:changes:production";

// A bus whose messages the test says and hears.
class TestBus final : public cluster::Bus {
 public:
  [[nodiscard]] const std::string& node() const noexcept override { return node_; }
  void publish(std::string_view channel, std::string_view payload) noexcept override {
    said.put(std::string(channel) + " " + std::string(payload));
  }
  [[nodiscard]] Subscription subscribe(std::string, Handler handler) override {
    handler_ = std::move(handler);
    return {};
  }
  [[nodiscard]] cluster::BusHealth health() const override { return {}; }
  void say(std::string_view payload) { handler_({"changes", "other", payload}); }

  test::Mailbox<std::string> said;

 private:
  std::string node_ = "node";
  Handler handler_;
};

class ChangeStreamTest : public changes::testing::ChangesTest {
 protected:
  void SetUp() override {
    open();
    pages_ = std::make_unique<changes::StoreReader>(store_->open_reader().value(), [](std::string_view) {});
    raw_ = connect();
    ASSERT_TRUE(eventually([&] { return raw_->connected(); }));
    options_.prefix = "test";
    options_.page = 7;
    options_.retry = Milliseconds{20};
    options_.check = Milliseconds{200};
    committer_->start();
  }
  void TearDown() override {
    for (auto& stream : streams_) stream->stop();
    streams_.clear();
    pages_->stop();
    raw_->stop();
    ChangesTest::TearDown();
  }
  [[nodiscard]] std::unique_ptr<Client> connect() {
    ClientOptions options;
    options.address = cluster::redis::parse_address(server_.url()).value();
    options.first_pause = Milliseconds{1};
    options.longest_pause = Milliseconds{20};
    return cluster::redis::open_client(options, nullptr).value();
  }
  ChangeStream& start() {
    streams_.push_back(std::make_unique<ChangeStream>(
        connect(), ChangeStreamParts{feed_, model_, *pages_, bus_, log_, metrics_}, options_));
    streams_.back()->start();
    return *streams_.back();
  }
  void commit(const std::string& key) {
    std::promise<void> done;
    ASSERT_TRUE(
        becomes_after([&] { committer_->submit(creation(key), [&](const auto&) { done.set_value(); }); }));
    done.get_future().get();
  }
  bool becomes_after(const std::function<void()>& act) {
    const auto next = current()->revision() + 1;
    act();
    return becomes(next);
  }
  Reply call(std::vector<std::string> words) {
    std::promise<Result<Reply>> promise;
    raw_->command(std::move(words), [&](Result<Reply> reply) { promise.set_value(std::move(reply)); });
    return promise.get_future().get().value_or(Reply{});
  }
  std::vector<std::string> ids() {
    std::vector<std::string> found;
    for (const Reply& entry : call({"XRANGE", kKey, "-", "+"}).items) found.push_back(entry.items[0].text);
    return found;
  }
  bool has(const std::vector<std::string>& wanted) {
    const bool there = eventually([&] { return ids() == wanted; });
    if (!there) ADD_FAILURE() << ::testing::PrintToString(ids());
    return there;
  }
  static std::vector<std::string> range(int from, int to, const std::string& epoch = "1-") {
    std::vector<std::string> all;
    for (int i = from; i <= to; ++i) all.push_back(epoch + std::to_string(i));
    return all;
  }
  std::size_t lines_with(const std::string& text) {
    const std::scoped_lock lock(lines_mutex_);
    return static_cast<std::size_t>(std::count_if(lines_.begin(), lines_.end(), [&](const auto& line) {
      return line.find(text) != std::string::npos;
    }));
  }

  RedisServer server_;
  TestBus bus_;
  std::unique_ptr<changes::StoreReader> pages_;
  std::unique_ptr<Client> raw_;
  ChangeStreamOptions options_;
  std::vector<std::unique_ptr<ChangeStream>> streams_;
};

TEST_F(ChangeStreamTest, HasTheChangesOfTheLogAndEachNewOne) {
  for (int i = 1; i <= 20; ++i) commit("p" + std::to_string(i));
  start();
  ASSERT_TRUE(has(range(1, 20)));

  commit("p21");
  ASSERT_TRUE(has(range(1, 21)));
  const Reply entry = call({"XRANGE", kKey, "1-21", "1-21"}).items[0].items[1];
  EXPECT_EQ(entry.items[3].text, domain::to_string(current()->offset()));
  EXPECT_EQ(bus_.said.take(), "changes added production 1-20");
  EXPECT_EQ(bus_.said.take(), "changes added production 1-21");
}

TEST_F(ChangeStreamTest, IsTheSameHoweverManyNodesAddToIt) {
  start();
  start();
  start();
  for (int i = 1; i <= 50; ++i) commit("p" + std::to_string(i));

  ASSERT_TRUE(has(range(1, 50)));
  EXPECT_TRUE(
      eventually([&] { return counted("togglecast_redis_stream_behind{environment=\"production\"} 0"); }));
  EXPECT_EQ(streams_[1]->problem(), "");
}

TEST_F(ChangeStreamTest, KeepsAboutAsManyAsItShould) {
  options_.length = 10;
  for (int i = 1; i <= 30; ++i) commit("p" + std::to_string(i));
  start();

  ASSERT_TRUE(has(range(21, 30)));
}

TEST_F(ChangeStreamTest, IsMadeAgainAfterAFlush) {
  start();
  start();
  for (int i = 1; i <= 5; ++i) commit("p" + std::to_string(i));
  ASSERT_TRUE(has(range(1, 5)));

  call({"FLUSHALL"});
  commit("p6");
  ASSERT_TRUE(has(range(1, 6)));
  call({"FLUSHALL"});  // and nobody writes
  EXPECT_TRUE(has(range(1, 6)));
}

TEST_F(ChangeStreamTest, HasWhatWasCommittedWhileRedisWasAway) {
  start();
  commit("p1");
  ASSERT_TRUE(has(range(1, 1)));

  server_.kill();
  for (int i = 2; i <= 30; ++i) commit("p" + std::to_string(i));
  ASSERT_TRUE(server_.start());

  ASSERT_TRUE(eventually([&] { return raw_->connected(); }));
  ASSERT_TRUE(has(range(1, 30)));
}

TEST_F(ChangeStreamTest, GoesOnBehindAStreamThatWasTrimmedOrCutShort) {
  start();
  for (int i = 1; i <= 5; ++i) commit("p" + std::to_string(i));
  ASSERT_TRUE(has(range(1, 5)));

  call({"XTRIM", kKey, "MAXLEN", "0"});
  commit("p6");
  ASSERT_TRUE(has(range(6, 6)));

  // As a replica that had not got the newest ones and became the primary.
  const Reply entry = call({"XRANGE", kKey, "1-6", "1-6"}).items[0].items[1];
  std::vector<std::string> words{"XADD", "copy", "1-6"};
  for (const Reply& field : entry.items) words.push_back(field.text);
  call(words);
  commit("p7");
  ASSERT_TRUE(has(range(6, 7)));
  call({"RENAME", "copy", kKey});
  EXPECT_TRUE(has(range(6, 7)));
}

TEST_F(ChangeStreamTest, IsMadeAgainOnceWhenItsIdsAreNotOurs) {
  start();
  for (int i = 1; i <= 3; ++i) commit("p" + std::to_string(i));
  ASSERT_TRUE(has(range(1, 3)));

  call({"XADD", kKey, "9-1", "a", "b"});
  commit("p4");
  ASSERT_TRUE(has(range(1, 4)));
  EXPECT_EQ(lines_with("does not belong to the log of this server"), 1U);

  call({"XADD", kKey, "9-1", "a", "b"});
  ASSERT_TRUE(eventually([&] { return streams_[0]->problem().find("--redis-prefix") != std::string::npos; }));
  EXPECT_EQ(call({"XLEN", kKey}).integer, 5);
  EXPECT_EQ(lines_with("does not belong to the log of this server"), 1U);
  call({"UNLINK", kKey});
  EXPECT_TRUE(has(range(1, 4)));
  EXPECT_TRUE(eventually([&] { return streams_[0]->problem().empty(); }));
}

TEST_F(ChangeStreamTest, GoesOnBehindALostEndOfAnEarlierEpoch) {
  for (int i = 1; i <= 3; ++i) commit("p" + std::to_string(i));
  call({"XADD", kKey, "1-9", "v", "1", "offset", "1.9.0123456789abcdef"});
  ASSERT_TRUE(changes::testing::OtherProcess(data()).database().execute("UPDATE environment SET epoch = 2"));
  start();
  commit("p4");

  EXPECT_TRUE(has({"1-9", "2-4"}));
}

TEST_F(ChangeStreamTest, SaysOnceWhyItCannotAdd) {
  call({"SET", kKey, "x"});
  start();
  commit("p1");
  ASSERT_TRUE(eventually([&] { return streams_[0]->problem().find("WRONGTYPE") != std::string::npos; }));
  for (int i = 2; i <= 4; ++i) commit("p" + std::to_string(i));
  ASSERT_TRUE(eventually([&] { return !counted("togglecast_redis_stream_failures_total 1\n"); }));

  call({"UNLINK", kKey});
  EXPECT_TRUE(has(range(1, 4)));
  EXPECT_TRUE(eventually([&] { return lines_with("changes are added to the streams of Redis again") == 1; }));
  EXPECT_EQ(lines_with("changes are not added to a stream of Redis"), 1U);
}

TEST_F(ChangeStreamTest, AddsNothingThatAnotherNodeSaysItHasAdded) {
  options_.check = std::chrono::hours{1};
  start();
  commit("p1");
  ASSERT_TRUE(has(range(1, 1)));

  for (const char* payload : {"", "added", "added production", "added production x", "added production 1-1",
                              "committed production 1-9", "added production 0-5", "added new-environment 1-1",
                              "added production 1-2"})
    bus_.say(payload);

  commit("p2");
  commit("p3");
  EXPECT_TRUE(has({"1-1", "1-3"}));
}

}  // namespace
}  // namespace togglecast::replication
