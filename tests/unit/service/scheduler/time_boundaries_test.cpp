// Rules that compare the time: each turn is a revision, and an entry of the activity.
#include <chrono>
#include <string>

#include "changes/timed_changes.hpp"
#include "domain/state/client_view.hpp"
#include "domain/state/op_type.hpp"
#include "unit/service/scheduler/timed_changes_fixture.hpp"

namespace togglecast::service {
namespace {

using domain::Client;
using testing::kStart;
using testing::parse;
using testing::wait_for;

class Turns : public testing::PassingTime {};

TEST_F(Turns, ARuleThatComparesTheTimeTurnsWithARevisionOfItsOwn) {
  open();
  create_timed("sale", is_reached(kStart + 20));
  create_subscriber(1);
  const auto on = [&] {
    domain::ClientView view(*current(), *current()->find<Client>(1), nullptr);
    return view.answer(1).decision.enabled;
  };
  Watcher watcher(*application_);
  EXPECT_FALSE(on());

  move_on(std::chrono::seconds(20));

  const auto commit = watcher.after(3);
  ASSERT_NE(commit, nullptr);
  ASSERT_EQ(commit->row.change.ops.size(), 1U);
  EXPECT_TRUE(domain::is_time_boundary(commit->row.change.ops.front()));
  EXPECT_EQ(commit->impact.features, (std::vector<domain::Id>{1}));
  EXPECT_EQ(current()->find<domain::Feature>(1)->revision, 1) << "the feature itself is as it was";
  EXPECT_TRUE(on());
  EXPECT_EQ(changes::next_time_boundary(*current()), std::nullopt) << "once";
}

TEST_F(Turns, ATurnIsAnEntryThatNamesTheFeature) {
  open();
  create_timed("sale", is_reached(kStart + 20));
  create_feature("search");
  Watcher watcher(*application_);

  move_on(std::chrono::seconds(20));

  ASSERT_NE(watcher.after(2), nullptr);
  const auto page = activity({.kind = domain::Kind::feature, .id = 1, .source = "timer"});
  ASSERT_EQ(page.entries.size(), 1U);
  const json::value& entry = page.entries.front();
  EXPECT_EQ(entry.at("revision"), json::value(3));
  EXPECT_EQ(entry.at("summary"), "a time in the rules of feature sale has come");
  EXPECT_EQ(entry.at("actor").at("kind"), "system");
  EXPECT_EQ(json::canonical(entry.at("changes")),
            R"([{"after":{},"before":{},"entity_id":1,"entity_type":"feature","fields":[],"key":"sale",)"
            R"("name":"sale","type":"update"}])");
  EXPECT_EQ(activity({.text = "SALE", .source = "timer"}).entries.size(), 1U);
  EXPECT_EQ(activity({.kind = domain::Kind::feature, .id = 2, .source = "timer"}).entries.size(), 0U);
}

TEST_F(Turns, ATurnHasItsEntryAlsoWhenSomebodyElseWritesFirst) {
  open();
  create_timed("sale", is_reached(kStart + 20));

  clock_.advance(std::chrono::seconds(20));  // and nobody looks, but somebody writes
  create_platform(R"({"key":"web","name":"Web"})");

  const auto entries = activity().entries;
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries.at(0).at("summary"), "owner created platform Web");
  EXPECT_EQ(entries.at(1).at("summary"), "a time in the rules of feature sale has come");
  EXPECT_EQ(entries.at(1).at("source"), "timer");
}

TEST_F(Turns, FeaturesThatTurnTogetherAreOneEntry) {
  open();
  for (const char* key : {"a", "b", "c", "d", "e"}) create_timed(key, is_reached(kStart + 20));
  create_timed("later", is_reached(kStart + 21));
  Watcher watcher(*application_);

  move_on(std::chrono::seconds(20));
  ASSERT_NE(watcher.after(6), nullptr);

  EXPECT_EQ(newest_summary(), "a time in the rules of features a, b and 3 more has come");
  EXPECT_EQ(activity().entries.at(0).at("changes").as_array().size(), 5U);
  move_on(std::chrono::seconds(1));
  ASSERT_NE(watcher.after(7), nullptr);
  EXPECT_EQ(newest_summary(), "a time in the rules of feature later has come");
}

TEST_F(Turns, TimesOfSubFeaturesAndSegmentsAreThoseOfTheirFeature) {
  open();
  ASSERT_TRUE(wait_for<changes::Written>([&](changes::Done done) {
                application_->segments().create(
                    admin(), parse(R"({"key":"launch","name":"L","rule":)" + is_reached(kStart + 10) + "}"),
                    {}, done);
              }).has_value());
  create_timed("search", R"({"$ref":"launch"})");
  create_feature("reports", R"(,"sub_features":[{"key":"pdf","name":"PDF","targeting":{"if":[)" +
                                is_reached(kStart + 10) + R"(,"on","off"]}}])");
  Watcher watcher(*application_);

  move_on(std::chrono::seconds(10));

  ASSERT_NE(watcher.after(3), nullptr);
  EXPECT_EQ(newest_summary(), "a time in the rules of features search and reports has come");
}

TEST_F(Turns, AnOrderTurnsOnceWhenItsSecondIsReachedOrHasPassed) {
  open();
  create_timed("from", is_reached(kStart + 10));
  create_timed("after", is_reached(kStart + 20, ">"));
  Watcher watcher(*application_);

  move_on(std::chrono::seconds(10));
  ASSERT_NE(watcher.after(2), nullptr);
  move_on(std::chrono::seconds(10));
  settle();
  settle();
  EXPECT_EQ(current()->revision(), 3) << "its second has not passed";
  move_on(std::chrono::seconds(1));
  ASSERT_NE(watcher.after(3), nullptr);
  move_on(std::chrono::hours(1));
  settle();
  settle();

  EXPECT_EQ(current()->revision(), 4);
  EXPECT_EQ(activity({.source = "timer"}).entries.size(), 2U);
}

TEST_F(Turns, ATurnIsNotUndoneAndIsNotInTheWayOfAnUndo) {
  open();
  create_timed("sale", is_reached(kStart + 20));
  for (const char* name : {"One", "Two"})
    wait_for<changes::Written>([&](changes::Done done) {
      application_->features().update(admin(), 1, parse(R"({"name":")" + std::string(name) + "\"}"), {},
                                      done);
    });
  Watcher watcher(*application_);
  move_on(std::chrono::seconds(20));
  ASSERT_NE(watcher.after(3), nullptr);

  const auto refused = undo(4);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_EQ(refused.error().message, "revision 4 changed only the time, which cannot be undone");
  const auto obstructed = undo(2);
  ASSERT_FALSE(obstructed.has_value());
  EXPECT_EQ(obstructed.error().message, "this cannot be undone: feature 1 (One) was changed by revision 3");
  EXPECT_TRUE(undo(3).has_value());
}

TEST_F(Turns, ADisabledRuleDoesNotTurn) {
  open();
  create_feature("sale",
                 R"(,"state":"DISABLED","targeting":{"if":[)" + is_reached(kStart + 20) + R"(,"on","off"]})");

  EXPECT_EQ(changes::next_time_boundary(*current()), std::nullopt);
  move_on(std::chrono::seconds(30));
  settle();

  EXPECT_EQ(current()->revision(), 1);
}

}  // namespace
}  // namespace togglecast::service
