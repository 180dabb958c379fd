// What waits for a connection that does not read: answers and messages up to their limit, then the end.
#include <string>

#include "realtime_fixture.hpp"
#include "support/eventually.hpp"

namespace togglecast::realtime::testing {
namespace {

class MessageQueues : public RealtimeTest {
 protected:
  std::uint64_t overflows(const std::string& nsp) {
    return metrics_
        .counter("togglecast_realtime_overflows_total",
                 "Connections closed because too many messages waited for them.", {{"namespace", nsp}})
        .value();
  }
};

TEST_F(MessageQueues, AConnectionThatAsksAndDoesNotReadIsClosedAndNobodyElse) {
  const std::string config(20'000, 'x');
  const auto platform = create_platform(R"({"key":"web","name":"Web","config":{"big":")" + config + R"("}})");
  const std::string about = R"({"entity_type":"platform","entity_id":)" + std::to_string(platform->id) + "}";
  const std::string token = admin_token();
  auto bystander = join_admin(token);
  EventClient lazy(port_, {}, 4'096);
  lazy.send("0/admin," + with_token(token));

  for (int i = 0; i < 200; ++i) lazy.emit("/admin", "subscribe_entity_updates", about);  // 4 MB of answers

  EXPECT_TRUE(test::eventually([&] { return overflows("/admin") == 1; }));
  EXPECT_EQ(code_of(bystander.ask("/admin", "request_system_metrics")), "");
  while (!lazy.packet().empty()) {
  }
  EXPECT_EQ(overflows("/admin"), 1U) << "counted once";
}

TEST_F(MessageQueues, OneThatReadsGetsAllOfIt) {
  const std::string config(20'000, 'x');
  const auto platform = create_platform(R"({"key":"web","name":"Web","config":{"big":")" + config + R"("}})");
  const std::string about = R"({"entity_type":"platform","entity_id":)" + std::to_string(platform->id) + "}";
  auto admin = join_admin();

  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(code_of(admin.ask("/admin", "subscribe_entity_updates", about)), "") << i;

  EXPECT_EQ(overflows("/admin"), 0U);
}

TEST_F(MessageQueues, TheWholeStateAtConnectMayBeLarger) {
  for (int i = 0; i < 30; ++i) {
    const std::string config(30'000, 'x');
    ASSERT_TRUE(create_platform(R"({"key":"p)" + std::to_string(i) + R"(","name":"P","config":{"big":")" +
                                config + R"("}})")
                    .has_value());
  }
  EventClient client(port_, {}, 4'096);
  client.send("0/client," + with_token(client_token("acme")));

  const auto greeting = client.next("/client", "client_connected");

  ASSERT_EQ(greeting.size(), 2U);
  EXPECT_EQ(greeting[1].at("platforms").as_array().size(), 30U);
  EXPECT_EQ(code_of(client.ask("/client", "heartbeat")), "") << "and it lives";
}

}  // namespace
}  // namespace togglecast::realtime::testing
