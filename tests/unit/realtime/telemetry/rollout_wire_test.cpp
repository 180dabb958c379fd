// Rollouts of a node as another one reads them.
#include "realtime/telemetry/rollout_wire.hpp"

#include <gtest/gtest.h>

namespace togglecast::realtime {
namespace {

using delivery::Rollouts;
using delivery::RolloutSummary;
using delivery::Stage;

const Rollouts::Asked kAsked{{"production", {7, 8}}};
domain::Revision newest(const std::string&) { return 8; }

RolloutSummary rollout_of(domain::Revision revision, std::uint32_t concerned) {
  RolloutSummary one;
  one.revision = one.told_as = revision;
  one.epoch = 2;
  one.committed_at = {1'700'000'000'000};
  one.age_ms = 90;
  one.counts.concerned = concerned;
  one.counts.resumed = 1;
  one.counts.superseded = {1, 2, 3};
  one.counts.gone = {0, 1, 0};
  one.counts.reached[0].add(4, concerned);
  one.counts.reached[1].add(700, 2);
  one.clients = 10;
  one.offline = 10 - concerned;
  return one;
}

Rollouts::Found counted(std::uint32_t concerned, bool second) {
  Rollouts::Found all;
  auto& of = all["production"];
  of.delivered.admins = 1;
  of.delivered.clients = concerned;
  of.delivered.reach = {{concerned, 1}, {0, 0}};
  of.changes = {rollout_of(7, concerned), std::nullopt};
  if (second) of.changes[1] = rollout_of(8, concerned);
  return all;
}

TEST(RolloutWire, SumsOfAnotherNodeAreAdded) {
  Rollouts::Found sums = counted(3, false);

  add_wire(sums, kAsked, to_wire(counted(4, true), newest), "b");

  const auto& of = sums.at("production");
  EXPECT_EQ(of.delivered.clients, 7U);
  EXPECT_EQ(of.delivered.admins, 2U);
  EXPECT_EQ(of.delivered.reach[0].told, 7U);
  const auto& first = *of.changes[0];
  EXPECT_EQ(first.counts.concerned, 7U);
  EXPECT_EQ(first.counts.resumed, 2U);
  EXPECT_EQ(first.counts.superseded, (std::array<std::uint32_t, 3>{2, 4, 6}));
  EXPECT_EQ(first.counts.times(Stage::sent).count(), 7U);
  EXPECT_EQ(first.counts.times(Stage::sent).last(), 4U);
  EXPECT_EQ(first.counts.times(Stage::received).last(), 700U);
  EXPECT_EQ(first.counts.times(Stage::received).within(0.5), 700U);
  EXPECT_EQ(first.offline, 3U) << "10 clients, of which 3 and 4 are online";
  ASSERT_EQ(first.nodes.size(), 1U);
  EXPECT_EQ(first.nodes[0].concerned, 4U);
  ASSERT_TRUE(of.changes[1].has_value()) << "only the other node keeps it";
  EXPECT_EQ(of.changes[1]->counts.concerned, 4U);
  EXPECT_EQ(of.changes[1]->epoch, 2);
}

TEST(RolloutWire, AChangeThatANodeDoesNotHaveYetIsOpen) {
  Rollouts::Found sums = counted(3, true);
  Rollouts::Found none = counted(0, false);
  none["production"].changes[0].reset();

  add_wire(sums, kAsked, to_wire(none, [](const std::string&) -> domain::Revision { return 7; }), "b");

  EXPECT_FALSE(sums.at("production").changes[0]->open);
  EXPECT_TRUE(sums.at("production").changes[1]->open);
}

TEST(RolloutWire, NonsenseAddsNothing) {
  for (
      const char* text :
      {"{}", R"({"production":7})", R"({"production":{"changes":[7,null]}})",
       R"({"production":{"changes":[{"kept":true,"concerned":-1,"reached":[{"buckets":[900,1]}]}],"clients":"x"}})"}) {
    Rollouts::Found sums = counted(3, false);
    add_wire(sums, kAsked, json::parse(text)->as_object(), "b");
    EXPECT_EQ(sums.at("production").changes[0]->counts.concerned, 3U) << text;
    EXPECT_EQ(sums.at("production").changes[0]->counts.times(Stage::sent).count(), 3U) << text;
    EXPECT_EQ(sums.at("production").delivered.clients, 3U) << text;
  }
}

TEST(RolloutWire, QuestionsAndLaggardsReadWhatTheyWrite) {
  EXPECT_EQ(asked_in(to_wire(kAsked)), kAsked);
  delivery::Lagging lagging;
  lagging.total = 40;
  lagging.first[{3, "x"}] = {3, "x", "acme", "Acme", "polling", Stage::received, 12};

  const auto read = lagging_in(to_wire(lagging), "b");

  EXPECT_EQ(read.total, 40U);
  const auto& one = read.first.at({3, "x"});
  EXPECT_EQ(one.client_key, "acme");
  EXPECT_EQ(one.transport, "polling");
  EXPECT_EQ(one.stage, Stage::received);
  EXPECT_EQ(one.reached_ms, 12U);
  EXPECT_EQ(one.node, "b");
  EXPECT_TRUE(lagging_in(json::parse(R"({"laggards":[7,[1,2]]})")->as_object(), "b").first.empty());
}

}  // namespace
}  // namespace togglecast::realtime
