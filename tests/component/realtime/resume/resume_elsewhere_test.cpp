// Clients that come back after too long, to a node that is behind, as an admin, or too often.
#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "resume_fixture.hpp"
#include "support/eventually.hpp"
#include "unit/domain/builders.hpp"
#include "unit/storage/sqlite/other_process.hpp"

namespace togglecast::realtime::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ResumeSmallRing : public ResumeTest {
 protected:
  ResumeSmallRing() { options_.ring.snapshots = 8; }
};

TEST_F(ResumeSmallRing, OneThatWasAwayTooLongGetsTheFullState) {
  const auto web = create_platform(R"({"key":"web","name":"Web"})");
  auto page = page_of("acme");
  page.drop();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(toggle_platform(web->id).has_value());

  come_back(page);

  EXPECT_FALSE(page.recovered);
  EXPECT_EQ(page.copy, view(*current(), last_client_));
  EXPECT_EQ(resumes("out_of_reach"), 1U);
}

class ResumeMediumRing : public ResumeTest {
 protected:
  ResumeMediumRing() {
    options_.ring.snapshots = 128;
    realtime_options_.sync_window = Milliseconds{1};
  }
};

// Nothing that happens concerns it, and its offset is about to be too old.
TEST_F(ResumeMediumRing, AnIdleConnectionIsGivenAFreshOffset) {
  auto page = page_of("acme");
  const auto client = last_client_;
  const auto began = domain::parse_offset(page.offset)->revision;
  const auto other = make(application_->clients(), R"({"key":"other","name":"0"})");
  for (int i = 0; i < 160; ++i)
    ASSERT_TRUE(alter(application_->clients(), other, R"({"name":")" + std::to_string(i) + R"("})"));
  page.catch_up(current()->revision());
  while (page.events.back() != "config_status") ASSERT_TRUE(page.read());
  EXPECT_GT(domain::parse_offset(page.offset)->revision, began);

  come_back(page);

  EXPECT_TRUE(page.recovered);
  EXPECT_EQ(page.copy, view(*current(), client));
}

class ResumeAhead : public ResumeTest {
 protected:
  ResumeAhead() {
    options_.tail.poll = std::chrono::hours{1};
    realtime_options_.resume_wait = std::chrono::minutes{1};
  }

  /// The offset of a row that this process has not read.
  std::string commit_elsewhere() {
    const auto row =
        storage::sqlite::testing::OtherProcess(folder_.path() / "data")
            .write("production", {domain::testing::create(domain::testing::platform(90, "far"))});
    return domain::to_string(domain::offset_of(row.head));
  }
};

// The node has not heard of the change, and does not ask for another hour.
TEST_F(ResumeAhead, OneThatKnowsMoreThanThisNodeMakesItLookIntoTheStore) {
  auto page = page_of("acme");
  page.offset = commit_elsewhere();
  page.drop();

  page.connect();

  EXPECT_TRUE(page.recovered);
  ASSERT_TRUE(page.read());
  EXPECT_THAT(page.events, ElementsAre("client_resumed"));
  EXPECT_EQ(domain::parse_offset(page.offset)->revision, current()->revision());
}

// Of a tail that was lost, or invented: the store knows nothing of it.
TEST_F(ResumeAhead, OneWithAStateThatNobodyHasGetsTheFullStateAndNothingOlderCounts) {
  auto page = page_of("acme");
  domain::Offset unknown = current()->offset();
  ++unknown.revision;
  const auto base = unknown.revision;
  page.offset = to_string(unknown);

  come_back(page);

  EXPECT_FALSE(page.recovered);
  EXPECT_EQ(page.state_event, "client_connected");
  EXPECT_EQ(resumes("ahead"), 1U);
  EXPECT_EQ(counted("togglecast_realtime_node_behind_total"), 0U);
  (void)commit_elsewhere();
  application_->tail().notice();
  ASSERT_TRUE(test::eventually([&] { return current()->revision() == base; }));
  page.catch_up(base);
  come_back(page);
  EXPECT_EQ(page.copy, view(*current(), last_client_));
}

class ResumeAdmin : public ResumeTest {
 protected:
  std::map<Page::Key, std::string> all(domain::Role role) const {
    return Page::copy_of(domain::admin_view(*current(), auth::readable_kinds(role)));
  }
  /// A page that has read everything when it was greeted.
  Page admin_page(const std::string& token, domain::Role role = domain::Role::owner) {
    Page page(port_, "/admin", token);
    page.connect();
    page.catch_up(current()->revision());
    EXPECT_EQ(page.state_event, "admin_connected");
    page.copy = all(role);
    return page;
  }
};

TEST_F(ResumeAdmin, GetsTheDifferenceOfAllItMayRead) {
  const auto web = create_platform(R"({"key":"web","name":"Web"})");
  const auto old = make(application_->segments(), R"({"key":"old","name":"Old","rule":true})");
  auto page = admin_page(admin_token());
  come_back(page);
  EXPECT_TRUE(page.recovered);
  EXPECT_EQ(page.state_event, "admin_resumed");
  EXPECT_EQ(page.state.as_object().size(), 3U);
  EXPECT_EQ(page.state.at("revision").as_int64(), current()->revision());
  page.drop();
  ASSERT_TRUE(toggle_platform(web->id, false).has_value());
  ASSERT_TRUE(remove(application_->segments(), old));
  const auto base = feature("base");
  (void)package("small", assigned({base}));
  (void)client_token("acme");

  come_back(page);

  EXPECT_TRUE(page.recovered);
  EXPECT_EQ(page.events.front(), "admin_resumed");
  EXPECT_EQ(page.events.at(1), "entity_update delete " + std::to_string(old)) << "deletes first";
  EXPECT_EQ(page.copy, all(domain::Role::owner));
  EXPECT_EQ(resumes("current", "/admin"), 1U);
  EXPECT_EQ(resumes("updated", "/admin"), 1U);
}

TEST_F(ResumeAdmin, WithAnotherRoleASessionBeginsAnew) {
  (void)create_platform(R"({"key":"web","name":"Web"})");
  auto page = admin_page(admin_token("jo", domain::Role::editor), domain::Role::editor);
  const auto system = application_->model().current(domain::kSystemEnvironment);
  const auto jo = system->find_by_key<domain::AdminUser>("jo")->id;
  const auto set_role = [&](domain::Role role) {
    const auto done = service::testing::wait_for<changes::Written>([&](changes::Done answer) {
      service::AdminPatch patch;
      patch.role = role;
      application_->admins().update(admin(), jo, patch, {}, answer);
    });
    ASSERT_TRUE(done.has_value()) << done.error().message;
  };
  page.drop();
  set_role(domain::Role::viewer);
  come_back(page);
  EXPECT_FALSE(page.recovered);
  EXPECT_EQ(page.state_event, "admin_connected");
  EXPECT_EQ(page.state.at("admin").at("role"), "viewer");
  come_back(page);
  EXPECT_TRUE(page.recovered);

  // While it is connected, and back again: what it has is no view of either role.
  set_role(domain::Role::editor);
  while (page.events.back() != "config_status") ASSERT_TRUE(page.read());
  set_role(domain::Role::viewer);
  (void)create_platform(R"({"key":"ios","name":"iOS"})");
  page.catch_up(current()->revision());
  come_back(page);
  EXPECT_FALSE(page.recovered);
}

TEST_F(ResumeAdmin, ARenewalLosesNoUpdateAndKeepsTheSession) {
  const std::string token = admin_token();
  auto page = admin_page(token);
  page.send("admin_connect", R"({"token":")" + token + R"("})");
  (void)create_platform(R"({"key":"web","name":"Web"})");
  page.catch_up(current()->revision());
  EXPECT_EQ(page.copy, all(domain::Role::owner));

  come_back(page);

  EXPECT_TRUE(page.recovered);
}

class ResumeLimits : public ResumeTest {
 protected:
  ResumeLimits() {
    realtime_options_.connections_per_client = 1;
    realtime_options_.full_states = {.per_second = 0.000'001, .burst = 2};
  }
  std::int64_t connections() {
    return metrics_
        .gauge("togglecast_realtime_connections", "",
               {{"namespace", "/client"}, {"environment", "production"}})
        .value();
  }
};

// What a connection is besides its state does not depend on how it began.
TEST_F(ResumeLimits, AResumedConnectionCountsAndIsTold) {
  const auto web = create_platform(R"({"key":"web","name":"Web"})");
  auto page = page_of("acme");
  page.drop();
  ASSERT_TRUE(test::eventually([&] { return connections() == 0; }));
  come_back(page);
  EXPECT_TRUE(page.recovered);
  EXPECT_EQ(connections(), 1);

  ASSERT_TRUE(toggle_platform(web->id).has_value());
  page.catch_up(current()->revision());
  EXPECT_EQ(page.copy, view(*current(), last_client_)) << "it is in the index";

  const auto sent = service::testing::wait_for<service::SendResult>([&](service::SendDone done) {
    realtime_->messages().broadcast_system_status(
        admin(), {service::SystemStatus::Value::maintenance, "soon", {}, {}}, done);
  });
  ASSERT_TRUE(sent.has_value());
  page.catch_up(current()->revision());
  EXPECT_EQ(page.events.back(), "system_status");
  page.drop();
  ASSERT_TRUE(test::eventually([&] { return connections() == 0; }));
  come_back(page);
  EXPECT_THAT(page.events, ElementsAre("client_resumed", "system_status"));
}

TEST_F(ResumeLimits, MoreDifferencesThanAllowedCostTheConnection) {
  const auto web = create_platform(R"({"key":"web","name":"Web"})");
  const std::string token = client_token("acme");
  Page page(port_, "/client", token);
  page.connect();
  page.catch_up(current()->revision());
  page.drop();
  ASSERT_TRUE(test::eventually([&] { return connections() == 0; }));
  const std::string session = R"(,"pid":")" + page.pid + R"(","offset":")" + page.offset + R"("})";
  ASSERT_TRUE(toggle_platform(web->id).has_value());

  EventClient client(port_);
  const std::string auth = R"({"token":")" + token + '"';
  int joined = 0;
  for (; joined < 20; ++joined) {
    client.send("0/client," + auth + session);
    if (client.next("/client", "client_resumed").empty()) break;
    client.send("1/client,");
  }
  EXPECT_EQ(joined, 3) << "one is free, and leaving and joining brings no new allowance";
  EXPECT_EQ(resumes("limited"), 1U);
}

}  // namespace
}  // namespace togglecast::realtime::testing
