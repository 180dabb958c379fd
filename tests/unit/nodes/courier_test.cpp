// Messages, questions and answers over a bus that connects several nodes.
#include "nodes/courier.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "net/shard_pool.hpp"
#include "support/eventually.hpp"
#include "support/shared_bus.hpp"

namespace togglecast::nodes {
namespace {

using test::Mailbox;

class CourierTest : public ::testing::Test {
 protected:
  struct One {
    One(test::SharedBus& bus, const std::string& name, net::ShardPool& shards)
        : node(bus.node(name)), courier(*node, shards.at(0), {}, metrics) {}
    observe::Metrics metrics;
    std::unique_ptr<test::SharedBus::Node> node;
    Courier courier;
  };
  CourierTest() { shards_.start(); }
  ~CourierTest() override { shards_.stop(); }

  static std::string text(const json::object& body) { return json::serialize(body); }

  net::ShardPool shards_{1};
  test::SharedBus bus_;
  One a_{bus_, "a", shards_}, b_{bus_, "b", shards_}, c_{bus_, "c", shards_};
  static constexpr std::chrono::minutes kLong{1};
};

TEST_F(CourierTest, TellsAllOthersInOrder) {
  Mailbox<std::string> at_b, at_c;
  b_.courier.on("news",
                [&](const std::string& node, const json::object& body) { at_b.put(node + text(body)); });
  c_.courier.on("news",
                [&](const std::string& node, const json::object& body) { at_c.put(node + text(body)); });
  for (One* one : {&a_, &b_, &c_}) one->courier.start();

  for (int i = 0; i < 3; ++i) a_.courier.tell("news", {{"n", i}});

  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(at_b.take(), "a{\"n\":" + std::to_string(i) + "}");
    EXPECT_EQ(at_c.take(), "a{\"n\":" + std::to_string(i) + "}");
  }
  for (One* one : {&a_, &b_, &c_}) one->courier.stop();
}

TEST_F(CourierTest, CollectsTheAnswersOfThoseItAskedAndNamesTheOthers) {
  for (One* one : {&b_, &c_}) {
    one->courier.answer("age", [one](const json::object&, const Courier::Answer& answer) {
      if (one->node->node() == "b") answer({{"age", 7}});
    });
  }
  for (One* one : {&a_, &b_, &c_}) one->courier.start();
  Mailbox<Courier::Answers> outcomes;

  a_.courier.ask("age", {}, {"b"}, kLong, [&](Courier::Answers got) { outcomes.put(std::move(got)); });
  const auto quick = outcomes.take();
  ASSERT_TRUE(quick.has_value());
  ASSERT_EQ(quick->from.size(), 1U);
  EXPECT_EQ(quick->from[0].first, "b");
  EXPECT_TRUE(quick->missing.empty());

  a_.courier.ask("age", {}, {"b", "c"}, Milliseconds{50},
                 [&](Courier::Answers got) { outcomes.put(std::move(got)); });
  const auto late = outcomes.take();
  ASSERT_TRUE(late.has_value());
  EXPECT_LE(late->from.size(), 1U);
  EXPECT_EQ(late->missing.back(), "c");

  a_.courier.ask("age", {}, {}, kLong, [&](Courier::Answers got) { outcomes.put(std::move(got)); });
  EXPECT_TRUE(outcomes.take()->from.empty()) << "nobody to ask";
  for (One* one : {&a_, &b_, &c_}) one->courier.stop();
}

TEST_F(CourierTest, QuestionsThatWaitEndWithTheCourier) {
  for (One* one : {&a_, &b_}) one->courier.start();
  Mailbox<Courier::Answers> outcomes;
  a_.courier.ask("age", {}, {"b"}, kLong, [&](Courier::Answers got) { outcomes.put(std::move(got)); });

  a_.courier.stop();
  EXPECT_EQ(outcomes.take()->missing, std::vector<std::string>{"b"});
  a_.courier.ask("age", {}, {"b"}, kLong, [&](Courier::Answers got) { outcomes.put(std::move(got)); });
  EXPECT_EQ(outcomes.take()->missing, std::vector<std::string>{"b"});
  b_.courier.stop();
}

TEST_F(CourierTest, AHandlerThatThrowsCostsItsMessage) {
  Mailbox<std::string> heard;
  b_.courier.on("news", [&](const std::string&, const json::object& body) {
    heard.put(std::string(json::string_or_empty(json::value(body), "text")));
    throw std::runtime_error("cannot");
  });
  for (One* one : {&a_, &b_}) one->courier.start();

  a_.courier.tell("news", {{"text", "one"}});
  a_.courier.tell("news", {{"text", "two"}});
  a_.courier.tell("news", {{"text", std::string(Courier::kMostBytes, 'x')}});
  a_.courier.tell("news", {{"text", "three"}});

  EXPECT_EQ(heard.take(), "one");
  EXPECT_EQ(heard.take(), "two");
  EXPECT_EQ(heard.take(), "three") << "what is too large is not sent";
  for (One* one : {&a_, &b_}) one->courier.stop();
}

}  // namespace
}  // namespace togglecast::nodes
