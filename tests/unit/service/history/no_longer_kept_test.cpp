// A log that has lost its oldest rows: everything that asks for them says so, and where the log begins.
#include "support/eventually.hpp"
#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using testing::wait_for;

// Revision 1 makes a platform, each later one renames it, ten seconds apart. The newest 5 of 12 are kept.
class NoLongerKept : public testing::ApplicationTest {
 protected:
  static constexpr domain::Revision kOldest = 8;

  NoLongerKept() {
    options_.ring.snapshots = 2;
    options_.log.retention = {.changes = 5, .age = std::chrono::hours{0}};
    options_.log.look = Milliseconds{1};
    open();
    create_platform(R"({"key":"web","name":"Web 1"})");
    for (int i = 2; i <= 12; ++i) {
      clock_.advance(std::chrono::seconds(10));
      update_platform(1, R"({"name":"Web )" + std::to_string(i) + "\"}");
    }
    EXPECT_TRUE(test::eventually([this] { return page().kept_since == oldest_kept(); }));
  }

  UnixMillis time_of(domain::Revision revision) const {
    return {current()->as_of().value - (12 - revision) * 10'000};
  }
  json::value oldest_kept() const {
    return {{"revision", kOldest}, {"timestamp", to_iso8601(time_of(kOldest))}};
  }
  ActivityPage page(const ActivityQuery& query = {}) {
    return wait_for<ActivityPage>(
               [&](ActivityDone done) { application_->activity().page(admin(), query, done); })
        .value();
  }
  Result<json::value> state(const Moment& at) {
    return wait_for<json::value>(
        [&](History::Done done) { application_->history().state(admin(), at, done); });
  }
  static Moment at(domain::Revision revision, std::optional<std::int64_t> epoch = {}) {
    return {domain::NamedRevision{revision, epoch}, std::nullopt};
  }
  static void expect_told(const Error& error) {
    EXPECT_EQ(error.code, Errc::not_found) << error.message;
    EXPECT_NE(error.message.find("is no longer kept; the oldest revision of the change log is 8"),
              std::string::npos)
        << error.message;
    ASSERT_EQ(error.details.size(), 1U);
    EXPECT_EQ(error.details[0].reason, "8");
  }
};

TEST_F(NoLongerKept, TheFeedSaysWhereItEnds) {
  const auto all = page();
  ActivityQuery first_part;
  first_part.limit = 2;
  const auto first = page(first_part);
  ActivityQuery older;
  older.before = kOldest;

  EXPECT_EQ(all.entries.size(), 5U);
  EXPECT_EQ(all.next, 0);
  EXPECT_EQ(first.next, 11);
  EXPECT_TRUE(first.kept_since.is_null()) << "there is another page";
  EXPECT_TRUE(page(older).entries.empty());
  EXPECT_EQ(page(older).kept_since, oldest_kept());
}

TEST_F(NoLongerKept, AnOlderChangeCannotBeUndone) {
  const auto undo = [this](domain::Revision revision) {
    return wait_for<Undone>([&](UndoDone done) {
      application_->activity().undo(admin(), {1, revision}, {}, done);
    });
  };

  expect_told(undo(7).error());
  expect_told(undo(1).error());
  EXPECT_EQ(undo(kOldest).error().code, Errc::conflict) << "it is kept, and later ones block it";
  EXPECT_TRUE(undo(12).has_value());
}

TEST_F(NoLongerKept, AnOlderStateIsNotMadeUp) {
  expect_told(state(at(6)).error());
  expect_told(state(at(0)).error());
  expect_told(state(at(6, 1)).error());
  expect_told(state({std::nullopt, UnixMillis{time_of(7).value - 1}}).error());
}

TEST_F(NoLongerKept, TheOldestKeptChangeStillSaysWhatWasBeforeIt) {
  for (domain::Revision revision = 7; revision <= 12; ++revision) {
    const auto found = state(at(revision, 1));
    ASSERT_TRUE(found.has_value()) << revision << ": " << found.error().message;
    EXPECT_EQ(found->at("revision"), json::value(revision));
    EXPECT_EQ(found->at("as_of"), json::value(to_iso8601(time_of(revision))));
    EXPECT_EQ(found->at("state").at("platforms").at(0).at("name"),
              json::value("Web " + std::to_string(revision)));
  }
  EXPECT_EQ(state({std::nullopt, time_of(7)})->at("revision"), json::value(7));
}

TEST_F(NoLongerKept, ADifferenceNeedsBothStates) {
  const auto difference = [this](domain::Revision from, domain::Revision to) {
    return wait_for<json::value>(
        [&](History::Done done) { application_->history().difference(admin(), at(from), at(to), done); });
  };

  expect_told(difference(3, 12).error());
  EXPECT_EQ(difference(7, 12)->at("changes").as_array().size(), 1U);
}

TEST_F(NoLongerKept, ARestartChangesNothingOfIt) {
  reopen();

  EXPECT_EQ(current()->revision(), 12);
  EXPECT_EQ(page().entries.size(), 5U);
  expect_told(state(at(6)).error());
  ASSERT_TRUE(update_platform(1, R"({"name":"Web 13"})").has_value());
  EXPECT_TRUE(test::eventually([this] { return page().entries.size() == 5; }));
}

TEST_F(NoLongerKept, TheLogOfTheInstallationIsItsOwn) {
  ActivityQuery admins;
  admins.kind = domain::Kind::admin;

  const auto of_system = page(admins);

  EXPECT_FALSE(of_system.entries.empty());
  EXPECT_TRUE(of_system.kept_since.is_null());
}

}  // namespace
}  // namespace togglecast::service
