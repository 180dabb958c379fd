#include "delivery/client_push.hpp"

#include <gtest/gtest.h>

#include "unit/delivery/memory_subscriber.hpp"
#include "unit/domain/builders.hpp"

namespace togglecast::delivery {
namespace {

using namespace domain::testing;

// Clients of one package, of whose only feature the step changes the rule.
class ClientPushTest : public ::testing::Test {
 protected:
  void change_rule(std::string_view targeting) {
    const auto before = feature(1, "chat");
    const auto after = feature(1, "chat", R"({"targeting":)" + std::string(targeting) + "}");
    from_ = step(empty_snapshot(), {create(before), create(package(1, "pro", R"([{"feature_id":1}])")),
                                    create(client_on(1, "acme", 1)), create(client_on(2, "other", 1))});
    to_ = step(*from_, {update(before, after)});
    push_ = std::make_unique<ClientPush>(from_, to_, domain::Impact{{}, {1}, {}, {}}, domain::Step::live,
                                         counters_);
  }
  const Subscriber& connected(domain::Id client, json::object context) {
    subscribers_.push_back(std::make_unique<testing::MemorySubscriber>());
    Subscriber& subscriber = *subscribers_.back();
    subscriber.set_context(std::make_shared<const json::object>(std::move(context)));
    auto* home = index_.find("production");
    SubscriberIndex::enter_client(subscriber, home == nullptr ? index_.begin(from_) : *home,
                                  from_->find<domain::Client>(client));
    return subscriber;
  }
  // What it is told: subscribers that are told the same get the same batch.
  const SharedBatch* told(const Subscriber& subscriber) {
    struct Endless final : Turn {
      bool over() override { return false; }
    } turn;
    return push_->batch_for(subscriber, 1, turn);
  }

  observe::Metrics metrics_;
  observe::Counter& counter_ = metrics_.counter("counted", "");
  observe::Counter& inputs_ = metrics_.counter("inputs", "");
  PushCounters counters_{counter_, counter_, counter_, counter_, inputs_, counter_, counter_};
  net::Shard shard_{0};
  SubscriberIndex index_{shard_};
  std::vector<std::unique_ptr<testing::MemorySubscriber>> subscribers_;
  domain::SnapshotPtr from_, to_;
  std::unique_ptr<ClientPush> push_;
};

constexpr std::string_view kReadsThree =
    R"({"if":[{"or":[{"===":[{"var":"a"},1]},{"var":"b"},{"var":"c"}]},"on","off"]})";

TEST_F(ClientPushTest, ThoseWhoseValuesAreTheSameAreOneInput) {
  change_rule(kReadsThree);

  EXPECT_EQ(told(connected(1, {{"a", 2}})), told(connected(2, {{"a", 2}, {"unread", true}})));
  EXPECT_EQ(inputs_.value(), 1U);
  EXPECT_NE(told(connected(1, {{"a", 1}})), told(connected(2, {{"a", 2}})));
  EXPECT_EQ(inputs_.value(), 2U);
}

TEST_F(ClientPushTest, NoTextIsTakenForOtherValues) {
  change_rule(kReadsThree);
  using namespace std::string_view_literals;
  // Of 49 bytes, which is '1': written down as its length and its bytes, it could end like what stands there
  // when `a` is the number 1 and the texts of `b` and `c` follow.
  const std::string filler(38, 'x');
  const std::string like_numbers = std::string("\0\0\0*\0\0\0\0\0\0\0"sv) + filler;
  const std::string like_an_end = filler + std::string("\0-\0-"sv);

  const SharedBatch* text = told(connected(1, {{"a", like_numbers}}));
  const SharedBatch* number = told(connected(2, {{"a", 1}, {"b", ""}, {"c", like_an_end}}));

  EXPECT_EQ(inputs_.value(), 2U);
  EXPECT_NE(text, number) << "one is off now, the other is on";
}

TEST_F(ClientPushTest, TheKeyOfAClientStandsInForItsTargetingKey) {
  change_rule(R"({"if":[{"==":[{"var":"targetingKey"},"acme"]},"on","off"]})");

  const SharedBatch* by_key = told(connected(1, {}));

  EXPECT_EQ(told(connected(2, {{"targetingKey", "acme"}})), by_key);
  EXPECT_EQ(inputs_.value(), 1U) << "the same input";
  EXPECT_NE(told(connected(2, {})), by_key);
}

}  // namespace
}  // namespace togglecast::delivery
