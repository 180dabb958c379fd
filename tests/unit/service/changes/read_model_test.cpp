#include "changes/read_model.hpp"

#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using domain::canonical_text;
using domain::Offset;

class ReadModelTest : public testing::ApplicationTest {
 protected:
  // A history with everything that an undo has to turn around.
  std::vector<domain::SnapshotPtr> live_history() {
    std::vector<domain::SnapshotPtr> seen{current()};
    const auto note = [&](bool ok) {
      EXPECT_TRUE(ok);
      seen.push_back(current());
    };
    note(create_platform(R"({"key":"web","name":"Web","config":{"a":{"b":[1,2.5,null]}}})").has_value());
    note(create_client(R"({"key":"acme","name":"Acme","attributes":{"x":"\ud83d"}})").has_value());
    note(issue_token(1).has_value());
    note(toggle_platform(1).has_value());
    note(update_platform(1, R"({"name":"Website","config":{}})").has_value());
    note(remove_platform(1).has_value());
    note(create_platform(R"({"key":"web","name":"Web again"})").has_value());
    note(testing::wait_for<changes::Written>([&](changes::Done done) {
           application_->clients().remove(admin(), 1, {}, done);
         }).has_value());
    return seen;
  }
};

TEST_F(ReadModelTest, TheRingRebuiltByUndoingEqualsTheLiveOne) {
  open();
  const auto live = live_history();

  reopen();

  ASSERT_EQ(live.size(), 9U);
  for (const auto& snapshot : live) {
    const auto rebuilt = application_->model().find("production", snapshot->offset());
    ASSERT_NE(rebuilt, nullptr) << snapshot->revision();
    EXPECT_EQ(rebuilt->head(), snapshot->head());
    EXPECT_EQ(canonical_text(*rebuilt), canonical_text(*snapshot)) << snapshot->revision();
  }
}

TEST_F(ReadModelTest, FindsASnapshotByItsExactOffsetOnly) {
  open();
  live_history();
  const auto& model = application_->model();
  const Offset newest = current()->offset();
  Offset other_chain = newest;
  ++other_chain.chain;
  Offset other_epoch = newest;
  ++other_epoch.epoch;
  Offset ahead = newest;
  ++ahead.revision;

  EXPECT_EQ(model.find("production", newest), current());
  EXPECT_EQ(model.find("production", other_chain), nullptr);
  EXPECT_EQ(model.find("production", other_epoch), nullptr);
  EXPECT_EQ(model.find("production", ahead), nullptr);
  EXPECT_EQ(model.find("nowhere", newest), nullptr);
  EXPECT_EQ(model.find("production", Offset{}), nullptr);
  EXPECT_EQ(model.current("nowhere"), nullptr);
}

TEST_F(ReadModelTest, ForgetsWhatFellOutOfTheRing) {
  options_.ring.snapshots = 3;
  open();
  const auto live = live_history();

  for (std::size_t i = 0; i < live.size(); ++i) {
    const bool kept = i + 4 >= live.size();
    EXPECT_EQ(application_->model().find("production", live[i]->offset()) != nullptr, kept) << i;
  }
  reopen();
  for (std::size_t i = 0; i < live.size(); ++i) {
    const bool kept = i + 4 >= live.size();
    EXPECT_EQ(application_->model().find("production", live[i]->offset()) != nullptr, kept) << i;
  }
}

TEST_F(ReadModelTest, AnotherInstallationsOffsetsAreUnknownEvenAtRevisionZero) {
  open();
  const Offset here = current()->offset();
  application_.reset();
  std::filesystem::remove_all(folder_.path() / "data");

  open();

  EXPECT_EQ(current()->offset().revision, here.revision);
  EXPECT_EQ(application_->model().find("production", here), nullptr);
}

}  // namespace
}  // namespace togglecast::service
