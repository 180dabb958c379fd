// One shard without a thread, fed with commits by hand.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "unit/delivery/memory_subscriber.hpp"
#include "unit/domain/builders.hpp"

namespace togglecast::delivery::testing {

// The time passes when somebody looks at it: as long as `step` is zero, not at all.
class SteppingClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override { return now_ += step; }
  [[nodiscard]] UnixMillis wall_now() const noexcept override { return {1'700'000'000'000}; }

  void pass(std::chrono::microseconds time) { now_ += time; }

  std::chrono::microseconds step{0};

 private:
  mutable TimePoint now_{};
};

class DeliveryTest : public ::testing::Test {
 protected:
  DeliveryTest() { start(); }

  /// A shard that knows nothing yet.
  void start() {
    subscribers_.clear();
    delivery_.reset();
    model_ = std::make_unique<changes::ReadModel>();
    delivery_ = std::make_unique<ShardDelivery>(
        shard_, *model_, Rate{.per_second = 0.000'1, .burst = 3},
        PushCounters{commits_, other_, other_, slices_, other_, other_, encoded_}, StatesLimited{&limited_});
  }

  /// The state that the shard begins with.
  void begin_with(std::vector<domain::Op> ops, const std::string& environment = "production") {
    const domain::Snapshot empty(environment, domain::Head{.as_of = {1'700'000'000'000}});
    first_ = newest_ = domain::testing::step(empty, std::move(ops));
    model_->add(changes::Ring(first_));
    delivery_->begin(first_);
  }
  /// The next change of the state, not told to the shard yet.
  changes::CommitPtr change(std::vector<domain::Op> ops) {
    const auto row =
        domain::make_row(newest_->environment(), newest_->head(), {newest_->as_of().value + 1'000},
                         {{"kind", "admin"}, {"id", 1}}, {newest_->revision(), std::move(ops)});
    EXPECT_TRUE(row.has_value());
    auto after = domain::apply(*newest_, row->change, row->head);
    EXPECT_TRUE(after.has_value()) << after.error().message;
    auto impact = domain::impact_of(*newest_, **after, row->change);
    auto commit =
        std::make_shared<const changes::Commit>(changes::Commit{*row, newest_, *after, std::move(impact)});
    newest_ = *after;
    model_->advance(newest_);
    return commit;
  }
  /// Of the feature with this key: another name.
  domain::Op rename(domain::Id feature, const std::string& name) {
    const auto before = newest_->find<domain::Feature>(feature);
    auto after = *before;
    after.name = name;
    return domain::testing::update(*before, after);
  }
  void commit(std::vector<domain::Op> ops) { delivery_->on_commit(change(std::move(ops))); }
  void run() { shard_.run_ready(); }
  void keep_views() { delivery_->keep_views({view_hits_, view_misses_, view_bytes_}); }

  MemorySubscriber& connect(domain::Id client, json::object context = {}) {
    subscribers_.push_back(std::make_unique<MemorySubscriber>(&shard_, delivery_.get()));
    MemorySubscriber& subscriber = *subscribers_.back();
    log_in(subscriber, client, std::move(context));
    return subscriber;
  }
  /// It enters, or begins again with another context, once its view is known.
  void log_in(MemorySubscriber& subscriber, domain::Id client, json::object context) {
    const auto state = delivery_->current("production");
    delivery_->evaluate(
        subscriber, state->find<domain::Client>(client), state,
        std::make_shared<const json::object>(std::move(context)),
        [this, &subscriber](const domain::Viewpoint& seen, const ViewText& view) {
          subscriber.set_context(seen.context);
          subscriber.start_from(domain::testing::parse("{" + *view + "}").as_object());
          subscriber.revision = seen.state->revision();
          delivery_->enter(subscriber, seen);
        },
        [&subscriber] { ++subscriber.superseded; });
  }
  /// The answer of `catch_up`, which comes at once.
  Result<bool> catch_up(MemorySubscriber& subscriber, domain::Revision revision) {
    std::optional<Result<bool>> answer;
    delivery_->catch_up(subscriber, revision, [&](Result<bool> missed) { answer = std::move(missed); });
    EXPECT_TRUE(answer.has_value());
    return answer.value_or(fail(Errc::internal, "no answer"));
  }
  /// What a subscriber that connects now would see.
  static std::map<MemorySubscriber::Key, std::string> fresh_view(const MemorySubscriber& subscriber) {
    const auto& state = *subscriber.home().state;
    MemorySubscriber other;
    other.start_from(domain::client_view(state, *state.find<domain::Client>(subscriber.client()->id),
                                         subscriber.context().get()));
    return other.seen;
  }
  /// Takes what it was sent.
  void drain(MemorySubscriber& subscriber) {
    subscriber.backlog = 0;
    delivery_->on_drained(subscriber);
  }

  SteppingClock clock_;
  net::Shard shard_{0, clock_};
  observe::Metrics metrics_;
  observe::Counter &commits_ = metrics_.counter("commits", ""), &encoded_ = metrics_.counter("encoded", ""),
                   &slices_ = metrics_.counter("slices", ""), &limited_ = metrics_.counter("limited", ""),
                   &other_ = metrics_.counter("other", ""), &view_hits_ = metrics_.counter("hits", ""),
                   &view_misses_ = metrics_.counter("misses", "");
  observe::Gauge& view_bytes_ = metrics_.gauge("bytes", "");
  std::unique_ptr<changes::ReadModel> model_;
  domain::SnapshotPtr first_, newest_;
  std::unique_ptr<ShardDelivery> delivery_;
  std::vector<std::unique_ptr<MemorySubscriber>> subscribers_;
};

}  // namespace togglecast::delivery::testing
