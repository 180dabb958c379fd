// Logins of one connection that wait at the same time, for a change that its shard has not heard of yet.
#include <atomic>
#include <future>
#include <string>

#include "realtime_fixture.hpp"
#include "support/eventually.hpp"

namespace togglecast::realtime::testing {
namespace {

class WaitingLogins : public RealtimeTest {
 protected:
  void SetUp() override {
    realtime_options_.connections_per_client = 1;
    RealtimeTest::SetUp();
  }
  void before_feed() override {
    subscription_ = application_->feed().subscribe([this](const changes::CommitPtr&) {
      if (!hold_.exchange(false)) return;
      made_.set_value();
      told_.get_future().wait();
    });
  }
  void TearDown() override {
    RealtimeTest::TearDown();
    subscription_.reset();
  }
  /// A change that stands, and that no shard has heard of until `tell`: logins wait for it.
  void make() {
    hold_ = true;
    application_->platforms().create(admin(), service::testing::parse(R"({"key":"web","name":"Web"})"), {},
                                     [](const Result<changes::Written>&) {});
    made_.get_future().wait();
  }
  void tell() { told_.set_value(); }

 private:
  std::atomic<bool> hold_{false};
  std::promise<void> made_, told_;
  changes::ChangeFeed::Subscription subscription_;
};

TEST_F(WaitingLogins, TheFirstDecidesWhoseConnectionItIs) {
  const std::string acme = client_token("acme");
  const std::string globex = client_token("globex");
  {
    auto client = connect("/client", "{}");
    make();
    client.send(R"(2/client,71["client_connect",)" + with_token(acme) + "]");
    client.send(R"(2/client,72["client_connect",)" + with_token(globex) + "]");
    EXPECT_EQ(code_of(client.ask("/client", "heartbeat")), "unauthenticated") << "they wait";

    tell();

    EXPECT_EQ(client.answer("/client", 71).at("client").at("key"), json::value("acme"));
    EXPECT_EQ(code_of(client.answer("/client", 72)), "forbidden");
  }
  EXPECT_TRUE(test::eventually([&] {
    return !connect("/client", with_token(acme)).next("/client", "client_connected").empty();
  })) << "its place is free again";
}

TEST_F(WaitingLogins, WithoutAContextKeepThatOfTheOneBefore) {
  const auto write = [](auto&& start) {
    EXPECT_TRUE(service::testing::wait_for<changes::Written>(start).has_value());
  };
  const std::string token = client_token("acme");
  write([&](changes::Done done) {
    application_->features().create(
        admin(),
        service::testing::parse(R"({"key":"checkout","name":"Checkout","targeting":)"
                                R"({"if":[{"==":[{"var":"region"},"de"]},"on","off"]}})"),
        {}, done);
  });
  write([&](changes::Done done) {
    application_->packages().create(
        admin(), service::testing::parse(R"({"key":"basic","name":"Basic","features":[{"feature_id":1}]})"),
        {}, done);
  });
  write([&](changes::Done done) {
    application_->clients().update(admin(), last_client_, service::testing::parse(R"({"package_id":1})"), {},
                                   done);
  });
  auto client = connect("/client", "{}");
  make();
  client.send(R"(2/client,71["client_connect",{"token":")" + token + R"(","context":{"region":"de"}}])");
  client.send(R"(2/client,72["client_connect",)" + with_token(token) + "]");
  EXPECT_EQ(code_of(client.ask("/client", "heartbeat")), "unauthenticated") << "they wait";

  tell();

  for (const int id : {71, 72}) {
    const auto answer = client.answer("/client", id);
    EXPECT_EQ(answer.at("features").at(0).at("value"), json::value(true)) << json::serialize(answer);
  }
}

}  // namespace
}  // namespace togglecast::realtime::testing
