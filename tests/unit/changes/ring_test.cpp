// The ring of recent snapshots, and its budget of bytes.
#include "changes/recent/ring.hpp"

#include <gtest/gtest.h>

#include "unit/changes/changes_fixture.hpp"

namespace togglecast::changes {
namespace {

using domain::testing::create;
using domain::testing::platform;
using domain::testing::step;
using domain::testing::update;

constexpr std::size_t kBodyBytes = 20'000;

// A platform with a large body that is another one on each day.
domain::Platform large(int day) {
  auto out = platform(1, "large");
  out.config["text"] = std::to_string(day) + std::string(kBodyBytes, '.');
  return out;
}

domain::SnapshotPtr first_state(const std::string& environment = "production") {
  const domain::Snapshot empty(environment, domain::Head{.as_of = {1'700'000'000'000}});
  return step(empty, {create(large(0))});
}

domain::SnapshotPtr next_day(const domain::SnapshotPtr& state, int day) {
  return step(*state, {update(large(day - 1), large(day))});
}

class RingBudget : public ::testing::Test {
 protected:
  std::int64_t gauge(const std::string& name, const std::string& environment = "production") {
    return metrics_.gauge(name, "", {{"environment", environment}}).value();
  }

  observe::Metrics metrics_;
};

TEST_F(RingBudget, OffsetsAgeInTheOlderHalfOfWhatIsKept) {
  ReadModel model({.snapshots = 10, .bytes = 1'000 * kBodyBytes}, &metrics_);
  auto state = std::make_shared<const domain::Snapshot>("production", domain::Head{});
  model.add(Ring(state));
  EXPECT_LT(model.aging("production"), 0) << "it keeps more than there is";
  EXPECT_EQ(model.aging("staging"), 0);

  domain::SnapshotPtr next = step(*state, {create(large(0))});
  model.advance(next);
  for (int day = 1; day < 30; ++day) model.advance(next = next_day(next, day));

  EXPECT_EQ(model.aging("production"), 25);
  EXPECT_NE(model.at("production", 25), nullptr);
  EXPECT_EQ(model.at("production", 19), nullptr);
}

TEST_F(RingBudget, TheOldestSnapshotsGoWhenTheirBytesAreTooMany) {
  ReadModel model({.snapshots = 100, .bytes = 5 * kBodyBytes}, &metrics_);
  auto state = first_state();
  model.add(Ring(state));

  for (int day = 1; day <= 20; ++day) model.advance(state = next_day(state, day));

  EXPECT_EQ(model.current("production"), state);
  EXPECT_NE(model.at("production", 20), nullptr);
  EXPECT_EQ(model.at("production", 10), nullptr);
  EXPECT_EQ(model.nearest("production", 1)->revision(), 21 - gauge("togglecast_ring_snapshots"));
  EXPECT_GE(gauge("togglecast_ring_snapshots"), 3);
  EXPECT_LE(gauge("togglecast_ring_snapshots"), 5);
  EXPECT_LE(gauge("togglecast_ring_bytes"), static_cast<std::int64_t>(5 * kBodyBytes));
  EXPECT_EQ(metrics_.counter("togglecast_ring_evictions_total", "").value(),
            static_cast<std::uint64_t>(20 - gauge("togglecast_ring_snapshots")));
}

TEST_F(RingBudget, SmallChangesAreKeptUpToTheirNumber) {
  ReadModel model({.snapshots = 10, .bytes = 5 * kBodyBytes}, &metrics_);
  auto state = first_state();
  model.add(Ring(state));

  for (domain::Id id = 2; id <= 31; ++id)
    model.advance(state = step(*state, {create(platform(id, "p" + std::to_string(id)))}));

  EXPECT_EQ(gauge("togglecast_ring_snapshots"), 10);
  EXPECT_EQ(metrics_.counter("togglecast_ring_evictions_total", "").value(), 0U);
}

TEST_F(RingBudget, TheHeaviestEnvironmentPays) {
  ReadModel model({.snapshots = 100, .bytes = 5 * kBodyBytes}, &metrics_);
  auto quiet = first_state("staging");
  auto busy = first_state();
  model.add(Ring(quiet));
  model.add(Ring(busy));
  model.advance(quiet = next_day(quiet, 1));

  for (int day = 1; day <= 20; ++day) model.advance(busy = next_day(busy, day));

  EXPECT_EQ(gauge("togglecast_ring_snapshots", "staging"), 1);
  EXPECT_NE(model.at("staging", 1), nullptr);
  EXPECT_LE(gauge("togglecast_ring_bytes") + gauge("togglecast_ring_bytes", "staging"),
            static_cast<std::int64_t>(5 * kBodyBytes));
}

TEST_F(RingBudget, WithoutAnyBytesOnlyTheCurrentStateIsKept) {
  ReadModel model({.bytes = 0}, &metrics_);
  auto state = first_state();
  model.add(Ring(state));

  model.advance(state = next_day(state, 1));

  EXPECT_EQ(model.at("production", 1), nullptr);
  EXPECT_EQ(model.at("production", 2), state);
  EXPECT_EQ(gauge("togglecast_ring_bytes"), 0);
}

class RingAtStart : public testing::ChangesTest {};

TEST_F(RingAtStart, IsRebuiltAsFarBackAsTheBudgetGoes) {
  auto real = storage::sqlite::SqliteStore::open(data()).value();
  ASSERT_TRUE(real->create_environment("production", sha256("genesis"), {1'700'000'000'000}).has_value());
  {
    testing::OtherProcess other(data());
    other.write("production", {create(large(0))});
    for (int day = 1; day <= 100; ++day) other.write("production", {update(large(day - 1), large(day))});
  }
  const auto rebuilt = [&](const RingLimits& limits) {
    ReadModel model(limits, &metrics_);
    Tail tail(model, feed_, real->open_reader().value(), log_, metrics_, tail_options_);
    EXPECT_TRUE(tail.follow().has_value());
    EXPECT_EQ(model.current("production")->revision(), 101);
    return model.nearest("production", 0)->revision();
  };

  EXPECT_EQ(rebuilt({}), 0) << "more rows than are read at once, and the state before the first";
  EXPECT_EQ(rebuilt({.snapshots = 70}), 31);
  EXPECT_EQ(rebuilt({.snapshots = 3}), 98);
  const auto oldest = rebuilt({.bytes = 50 * kBodyBytes});
  EXPECT_GE(oldest, 51);
  EXPECT_LE(oldest, 75);
  EXPECT_EQ(rebuilt({.bytes = 0}), 101);
}

}  // namespace
}  // namespace togglecast::changes
