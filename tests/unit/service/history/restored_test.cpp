// After a restore, the same revisions name other changes: only their epoch tells them apart.
#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using testing::wait_for;

class Restored : public testing::ApplicationTest {
 protected:
  // Revisions 1 and 2 are common. Revision 3 of epoch 1 renamed the platform, 3 of the new epoch toggled it.
  Restored() {
    open();
    create_platform(R"({"key":"web","name":"Web"})");
    update_platform(1, R"({"name":"Shop"})");
    back_up();
    update_platform(1, R"({"name":"Lost"})");
    restore();
    epoch_ = current()->head().epoch;
    toggle_platform(1, false);
  }

  Result<Undone> undo(const domain::Version& version) {
    return wait_for<Undone>(
        [&](UndoDone done) { application_->activity().undo(admin(), version, {}, done); });
  }
  // The state's revision, or the error.
  std::string state_at(domain::Revision revision, std::optional<std::int64_t> epoch) {
    const Moment at{domain::NamedRevision{revision, epoch}, std::nullopt};
    const auto found =
        wait_for<json::value>([&](History::Done done) { application_->history().state(admin(), at, done); });
    return found ? json::serialize(found->at("revision")) : std::string(to_string(found.error().code));
  }
  Errc page_before(domain::Revision revision, std::int64_t epoch) {
    ActivityQuery query;
    query.before = revision;
    query.before_epoch = epoch;
    const auto page = wait_for<ActivityPage>(
        [&](ActivityDone done) { application_->activity().page(admin(), query, done); });
    return page ? Errc{} : page.error().code;
  }

  std::int64_t epoch_ = 0;
};

TEST_F(Restored, AnOldVersionOfAnEntityIsNoLongerIt) {
  WriteOptions options;
  options.if_match = domain::IfMatch({{1, 3}});
  EXPECT_EQ(update_platform(1, R"({"name":"Mine"})", options).error().code, Errc::conflict);

  options.if_match = domain::IfMatch({{epoch_, 3}});
  EXPECT_TRUE(update_platform(1, R"({"name":"Mine"})", options).has_value());
}

TEST_F(Restored, AnUndoTakesBackTheChangeThatItsCallerMeans) {
  const auto lost = undo({1, 3});
  const auto never_repeated = undo({1, 7});
  const auto unknown = undo({epoch_, 7});

  EXPECT_EQ(lost.error().code, Errc::conflict);
  EXPECT_NE(lost.error().message.find("revision 3 of epoch 1"), std::string::npos) << lost.error().message;
  EXPECT_EQ(never_repeated.error().code, Errc::conflict);
  EXPECT_EQ(unknown.error().code, Errc::not_found);
  EXPECT_TRUE(undo({epoch_, 3}).has_value());
  EXPECT_TRUE(undo({1, 2}).has_value()) << "both histories have this change";
}

TEST_F(Restored, APastStateIsThatOfItsEpoch) {
  for (const bool from_log : {false, true}) {
    EXPECT_EQ(state_at(3, {}), "3");
    EXPECT_EQ(state_at(3, epoch_), "3");
    EXPECT_EQ(state_at(3, 1), "conflict");
    EXPECT_EQ(state_at(4, 1), "conflict") << "lost, and not replaced yet";
    EXPECT_EQ(state_at(4, epoch_), "not_found");
    EXPECT_EQ(state_at(1, 1), "1");
    EXPECT_EQ(state_at(1, epoch_), "conflict");
    EXPECT_EQ(state_at(2, 1), "2") << "the last common state was one of epoch 1 …";
    EXPECT_EQ(state_at(2, epoch_), "2") << "… and the first of the new epoch";
    EXPECT_EQ(state_at(2, epoch_ + 1), "conflict");
    EXPECT_EQ(state_at(0, 1), "0");
    if (from_log) break;
    options_.ring.snapshots = 1;
    reopen();
  }
}

TEST_F(Restored, APageOfTheFeedGoesOnInItsHistory) {
  EXPECT_EQ(page_before(3, epoch_), Errc{});
  EXPECT_EQ(page_before(2, 1), Errc{});
  EXPECT_EQ(page_before(3, 1), Errc::conflict);
  EXPECT_EQ(page_before(2, epoch_), Errc::conflict);
}

}  // namespace
}  // namespace togglecast::service
