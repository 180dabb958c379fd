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

}  // namespace
}  // namespace togglecast::realtime::testing
