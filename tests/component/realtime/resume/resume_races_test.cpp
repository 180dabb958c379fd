// Commits in each step of a connection's beginning: before its shard knows what the token needs, while what
// it missed is worked out, and at any moment while others write.
#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>

#include "resume_fixture.hpp"
#include "support/eventually.hpp"

namespace togglecast::realtime::testing {
namespace {

using ::testing::ElementsAre;

class ResumeHeldBack : public ResumeTest {
 protected:
  void before_feed() override {
    subscription_ = application_->feed().subscribe([this](const changes::CommitPtr&) {
      if (!hold_.exchange(false)) return;
      made_.set_value();
      told_.get_future().wait();
    });
  }
  void TearDown() override {
    ResumeTest::TearDown();
    subscription_.reset();
  }
  /// A change that stands, and that no shard has heard of until `tell`.
  void hold_back(domain::Id platform) {
    hold_ = true;
    application_->platforms().toggle(admin(), platform, {}, {}, [](const Result<changes::Written>&) {});
    made_.get_future().wait();
  }
  void tell() { told_.set_value(); }

 private:
  std::atomic<bool> hold_{false};
  std::promise<void> made_, told_;
  changes::ChangeFeed::Subscription subscription_;
};

// Between the token and the view: the connection waits until its shard has what the read model has.
TEST_F(ResumeHeldBack, ACommitThatTheShardHasNotHeardOfIsPartOfWhatWasMissed) {
  const auto web = create_platform(R"({"key":"web","name":"Web"})");
  auto page = page_of("acme");
  page.drop();
  hold_back(web->id);
  std::thread later([this] {
    // One more revision behind it: both are there at once.
    std::promise<void> second;
    application_->platforms().create(admin(), service::testing::parse(R"({"key":"ios","name":"iOS"})"), {},
                                     [&](const Result<changes::Written>&) { second.set_value(); });
    tell();
    second.get_future().wait();
  });

  page.connect();
  later.join();
  page.catch_up(current()->revision());

  EXPECT_TRUE(page.recovered);
  EXPECT_EQ(page.events.at(1), "platform_update update " + std::to_string(web->id));
  EXPECT_EQ(page.copy, view(*current(), last_client_));
}

class ResumeLongViews : public ResumeTest {
 protected:
  // Rules that take many turns of the shard, of features that all read an attribute of the client.
  void fill(int features) {
    std::string list, assigned_features;
    for (int i = 0; i < 1'500; ++i) list += "1,";
    const std::string rule = R"({"if":[{"and":[{"none":[[)" + list +
                             R"(1],{"==":[{"var":""},2]}]},{"var":"client.vip"}]},"on","off"]})";
    for (int i = 0; i < features; ++i) {
      std::string subs;
      for (int k = 0; k < 40; ++k) {
        const std::string key = "s" + std::to_string(k);
        subs += (k == 0 ? R"({"key":")" : R"(,{"key":")") + key + R"(","name":"S","targeting":)" + rule + "}";
      }
      features_.push_back(feature("f" + std::to_string(i), R"(,"sub_features":[)" + subs + "]"));
      assigned_features +=
          (i == 0 ? "" : ",") + (R"({"feature_id":)" + std::to_string(features_.back())) + "}";
    }
    package_ = package("pro", "[" + assigned_features + "]");
  }

  std::vector<domain::Id> features_;
  domain::Id package_ = 0;
};

TEST_F(ResumeLongViews, CommitsWhileTheDifferenceIsWorkedOutFollowIt) {
  fill(3);
  auto page = page_of("acme");
  auto& clients = application_->clients();
  ASSERT_TRUE(alter(clients, last_client_, R"({"package_id":)" + std::to_string(package_) + "}"));
  page.catch_up(current()->revision());
  page.drop();
  ASSERT_TRUE(alter(clients, last_client_, R"({"attributes":{"vip":true}})"));
  std::thread writer([this] {
    for (int i = 0; i < 20; ++i)
      EXPECT_TRUE(alter(application_->features(), features_[0], R"({"name":"N)" + std::to_string(i) + "\"}"));
  });

  page.connect();
  writer.join();
  page.catch_up(current()->revision());

  EXPECT_TRUE(page.recovered);
  EXPECT_EQ(page.state_event, "client_resumed");
  EXPECT_EQ(page.copy, view(*current(), last_client_));
}

TEST_F(ResumeLongViews, AConnectionThatGoesWhileItIsWorkedOutLeavesNothingBehind) {
  fill(3);
  auto page = page_of("acme");
  ASSERT_TRUE(alter(application_->clients(), last_client_,
                    R"({"package_id":)" + std::to_string(package_) + R"(,"attributes":{"vip":true}})"));
  for (int i = 0; i < 5; ++i) {
    page.drop();
    page.connect_and_read(0);
  }

  page.connect();
  page.catch_up(current()->revision());

  EXPECT_TRUE(page.recovered);
  EXPECT_EQ(page.copy, view(*current(), last_client_));
}

// Whatever is committed when: at each offset, a page has the view of that revision.
TEST_F(ResumeHeldBack, EachOffsetIsTrueWhileOthersWrite) {
  const auto web = create_platform(R"({"key":"web","name":"Web"})");
  const auto base = feature("base");
  const auto pro = package("pro", assigned({base}));
  const std::string token = client_token("acme");
  const auto client = last_client_;
  std::atomic<bool> over{false};
  std::thread writer([&] {
    for (int i = 0; !over; ++i) {
      (void)toggle_platform(web->id);
      (void)alter(application_->features(), base,
                  i % 2 == 0 ? R"({"state":"DISABLED"})" : R"({"state":"ENABLED"})");
      (void)alter(application_->clients(), client,
                  R"({"package_id":)" + (i % 3 == 0 ? "null" : std::to_string(pro)) + "}");
    }
  });
  Page page(port_, "/client", token);
  int offsets = 0;
  page.on_offset = [&](domain::Revision revision) {
    const auto state = application_->model().at("production", revision);
    ASSERT_NE(state, nullptr);
    ++offsets;
    EXPECT_EQ(page.copy, view(*state, client)) << revision << " after " << page.events.back();
  };

  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    page.connect();
    for (int frames = i % 4; frames >= 0; --frames) ASSERT_TRUE(page.read());
    EXPECT_EQ(page.recovered, page.state_event == "client_resumed");
    EXPECT_EQ(page.recovered, i > 0);
    page.drop();
  }
  over = true;
  writer.join();
  page.connect();
  page.catch_up(current()->revision());

  EXPECT_EQ(page.copy, view(*current(), client));
  EXPECT_GT(offsets, 60);
}

}  // namespace
}  // namespace togglecast::realtime::testing
