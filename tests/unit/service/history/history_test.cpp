#include "service/history/history.hpp"

#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using testing::wait_for;

// A ring of four, so that most of the log lies outside of it.
class HistoryTest : public testing::ApplicationTest {
 protected:
  HistoryTest() {
    options_.ring.snapshots = 4;
    open();
    create_platform(R"({"key":"web","name":"Web"})");
    for (int i = 0; i < 10; ++i) {
      clock_.advance(std::chrono::seconds(10));
      texts_.push_back(domain::canonical_text(*current()));
      times_.push_back(current()->as_of());
      update_platform(1, R"({"name":"Web )" + std::to_string(i) + "\"}");
    }
  }

  Result<json::value> state(const Moment& at, const Principal& who = admin()) {
    return wait_for<json::value>([&](History::Done done) { application_->history().state(who, at, done); });
  }
  Result<json::value> platform(const Moment& at, domain::Id id = 1) {
    return wait_for<json::value>([&](History::Done done) {
      application_->history().entity(admin(), at, domain::Kind::platform, id, done);
    });
  }
  Result<json::value> difference(const Moment& from, const Moment& to) {
    return wait_for<json::value>(
        [&](History::Done done) { application_->history().difference(admin(), from, to, done); });
  }
  static Moment at(domain::Revision revision, std::optional<std::int64_t> epoch = {}) {
    return {domain::NamedRevision{revision, epoch}, std::nullopt};
  }

  std::vector<std::string> texts_;  // after revision i + 1
  std::vector<UnixMillis> times_;
};

TEST_F(HistoryTest, KnowsTheStateAtEveryRevision) {
  for (domain::Revision revision = 1; revision <= 10; ++revision) {
    const auto found = state(at(revision));
    ASSERT_TRUE(found.has_value()) << found.error().message;
    EXPECT_EQ(found->at("revision"), json::value(revision));
    EXPECT_EQ(found->at("as_of"), json::value(to_iso8601(times_[static_cast<std::size_t>(revision - 1)])));
    const json::value& name = found->at("state").at("platforms").at(0).at("name");
    EXPECT_EQ(name, json::value(revision == 1 ? "Web" : "Web " + std::to_string(revision - 2)));
  }
  EXPECT_TRUE(state(at(0))->at("state").at("platforms").as_array().empty());
}

TEST_F(HistoryTest, KnowsTheStateAtATime) {
  EXPECT_EQ(state({std::nullopt, times_[3]})->at("revision"), json::value(4));
  EXPECT_EQ(state({std::nullopt, UnixMillis{times_[3].value + 9'999}})->at("revision"), json::value(4));
  EXPECT_EQ(state({std::nullopt, UnixMillis{times_[0].value - 1}})->at("revision"), json::value(0));
  EXPECT_EQ(state({})->at("revision"), json::value(11));
}

TEST_F(HistoryTest, RefusesWhatHasNotComeYet) {
  const auto ahead = state(at(12));
  const auto future = state({std::nullopt, UnixMillis{clock_.wall_now().value + 1}});

  EXPECT_EQ(ahead.error().code, Errc::not_found);
  EXPECT_NE(ahead.error().message.find("the newest is 11"), std::string::npos);
  EXPECT_EQ(future.error().code, Errc::invalid_argument);
}

TEST_F(HistoryTest, AnEntityIsReadAsItWas) {
  remove_platform(1);

  EXPECT_EQ(platform(at(3))->at("name"), "Web 1");
  EXPECT_EQ(platform(at(11))->at("name"), "Web 9");
  EXPECT_EQ(platform(at(12)).error().code, Errc::not_found);
  EXPECT_EQ(platform(at(3), 2).error().code, Errc::not_found);
}

TEST_F(HistoryTest, AKeyMayHaveBelongedToSomethingElse) {
  remove_platform(1);
  create_platform(R"({"key":"web","name":"Second"})");
  for (int i = 0; i < 6; ++i) toggle_platform(2);

  const auto then = state(at(5));

  ASSERT_TRUE(then.has_value()) << then.error().message;
  EXPECT_EQ(then->at("state").at("platforms").as_array().size(), 1U);
  EXPECT_EQ(then->at("state").at("platforms").at(0).at("id"), json::value(1));
}

TEST_F(HistoryTest, TellsWhatIsDifferent) {
  create_platform(R"({"key":"tv","name":"TV"})");

  const auto found = difference(at(2), {});

  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ(found->at("from").at("revision"), json::value(2));
  EXPECT_EQ(found->at("to").at("revision"), json::value(12));
  ASSERT_EQ(found->at("changes").as_array().size(), 2U);
  const json::value& changed = found->at("changes").at(0);
  EXPECT_EQ(json::canonical(changed),
            R"({"after":{"name":"Web 9"},"before":{"name":"Web 0"},"entity_id":1,"entity_type":"platform",)"
            R"("fields":["name"],"key":"web","name":"Web 9","type":"update"})");
  EXPECT_EQ(found->at("changes").at(1).at("type"), "create");
  EXPECT_TRUE(found->at("changes").at(1).at("before").is_null());
  EXPECT_TRUE(difference(at(4), at(4))->at("changes").as_array().empty());
  EXPECT_EQ(difference({}, at(2))->at("changes").at(0).at("type"), "delete");
}

TEST_F(HistoryTest, WhatChangedAndChangedBackIsNotDifferent) {
  update_platform(1, R"({"name":"Elsewhere"})");
  update_platform(1, R"({"name":"Web 9"})");

  EXPECT_TRUE(difference(at(11), {})->at("changes").as_array().empty());
}

TEST_F(HistoryTest, ADifferenceIsNoToggle) {
  toggle_platform(1);

  const auto found = difference(at(11), at(12));

  EXPECT_EQ(found->at("changes").at(0).at("type"), "update") << "even over one revision";
}

TEST_F(HistoryTest, ShowsNoMoreThanTheRoleMayRead) {
  create_client(R"({"key":"acme","name":"Acme"})");
  issue_token(1);

  EXPECT_EQ(state({}, admin(domain::Role::viewer))->at("state").as_object().if_contains("tokens"), nullptr);
  EXPECT_NE(state({})->at("state").as_object().if_contains("tokens"), nullptr);
}

TEST_F(HistoryTest, SurvivesARestart) {
  const auto before = state(at(3));
  reopen();

  EXPECT_EQ(state(at(3)).value(), before.value());
}

}  // namespace
}  // namespace togglecast::service
