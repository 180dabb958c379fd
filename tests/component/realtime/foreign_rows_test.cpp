// A row that another process writes into the store reaches the clients of an idle server.
#include "realtime_fixture.hpp"
#include "unit/domain/builders.hpp"
#include "unit/storage/sqlite/other_process.hpp"

namespace togglecast::realtime::testing {
namespace {

using domain::testing::create;
using domain::testing::platform;

class ForeignRows : public RealtimeTest {
 protected:
  ForeignRows() { options_.tail.poll = Milliseconds{1}; }
};

TEST_F(ForeignRows, ReachTheClientsOfAnIdleServer) {
  auto admin = join_admin();

  const auto row = storage::sqlite::testing::OtherProcess(folder_.path() / "data")
                       .write("production", {create(platform(1, "web"))});

  const auto update = admin.next("/admin", "platform_update");
  ASSERT_EQ(update.size(), 3U);
  EXPECT_EQ(update[1].at("type"), "create");
  EXPECT_EQ(update[1].at("data").at("key"), "web");
  EXPECT_EQ(update[2], json::value(to_string(domain::offset_of(row.head))));
}

TEST_F(ForeignRows, ComeBeforeTheServersOwn) {
  auto admin = join_admin();
  storage::sqlite::testing::OtherProcess other(folder_.path() / "data");

  other.write("production", {create(platform(1, "web"))});
  ASSERT_TRUE(create_platform(R"({"key":"ios","name":"iOS"})").has_value());

  EXPECT_EQ(admin.next("/admin", "platform_update").at(1).at("data").at("key"), "web");
  EXPECT_EQ(admin.next("/admin", "platform_update").at(1).at("data").at("key"), "ios");
}

// The other process has removed the first rows from the log before this server looked.
class RemovedRows : public RealtimeTest {
 protected:
  RemovedRows() { options_.tail.poll = std::chrono::hours{1}; }
};

TEST_F(RemovedRows, ReachTheClientsAsOneStepToTheWholeState) {
  auto admin = join_admin();
  storage::sqlite::testing::OtherProcess other(folder_.path() / "data");
  std::vector<std::string> keys{"a", "b", "c", "d"};
  domain::LogRow last;
  for (int id = 1; id <= 4; ++id)
    last = other.write("production", {create(platform(id, keys[static_cast<std::size_t>(id) - 1]))});
  other.prune("production", 3);

  application_->tail().notice();

  std::vector<std::string> got;
  for (int i = 1; i <= 4; ++i) {
    const auto update = admin.next("/admin", "platform_update");
    ASSERT_GE(update.size(), 2U);
    got.emplace_back(json::string_or_empty(update[1].at("data"), "key"));
    EXPECT_EQ(update[1].at("revision"), json::value(4));
    EXPECT_EQ(update.size(), i < 4 ? 2U : 3U);
    if (i == 4) {
      EXPECT_EQ(update.back(), json::value(to_string(domain::offset_of(last.head))));
    }
  }
  EXPECT_EQ(got, keys);
  EXPECT_TRUE(application_->health().has_value());
}

}  // namespace
}  // namespace togglecast::realtime::testing
