// Walks that pause: every member that stays is visited once, although others leave and join.
#include "delivery/subscriber_group.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "unit/delivery/memory_subscriber.hpp"

namespace togglecast::delivery {
namespace {

using testing::MemorySubscriber;

class SubscriberGroupTest : public ::testing::Test {
 protected:
  void join() {
    all_.push_back(std::make_unique<MemorySubscriber>());
    group_.make_room();
    group_.add(*all_.back());
    members_.push_back(all_.back().get());
  }
  void leave(std::size_t index) {
    group_.remove(*members_[index]);
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  SubscriberGroup group_{SubscriberGroup::Kind::all};
  std::vector<std::unique_ptr<MemorySubscriber>> all_;
  std::vector<Subscriber*> members_;
};

TEST_F(SubscriberGroupTest, AWalkVisitsThoseWhoWereThereWhenItBegan) {
  join();
  join();
  GroupWalk walk(group_);
  join();

  EXPECT_NE(walk.next(), nullptr);
  EXPECT_NE(walk.next(), nullptr);
  EXPECT_EQ(walk.next(), nullptr) << "the third came later";
}

TEST_F(SubscriberGroupTest, ADepartureTakesNobodyOutOfTheWalkAndStartsNothingAgain) {
  constexpr std::size_t kMembers = 1'000;
  for (std::size_t i = 0; i < kMembers; ++i) join();
  GroupWalk walk(group_);
  std::size_t steps = 0;

  // One that was visited leaves after each visit, as in a reconnect storm.
  while (Subscriber* one = walk.next()) {
    ++steps;
    leave(static_cast<std::size_t>(std::find(members_.begin(), members_.end(), one) - members_.begin()));
    join();
  }

  EXPECT_EQ(steps, kMembers);
}

TEST_F(SubscriberGroupTest, SeveralWalksKeepTheirPlacesInRandomHistories) {
  std::mt19937 random(20'261);
  const auto below = [&random](std::size_t n) { return random() % n; };
  for (int history = 0; history < 300; ++history) {
    struct Walk {
      explicit Walk(SubscriberGroup& group) : walk(group) {}
      GroupWalk walk;
      std::vector<Subscriber*> expected;  // still to be visited
    };
    std::vector<std::unique_ptr<Walk>> walks;
    for (int step = 0; step < 200; ++step) {
      const auto dice = below(10);
      if (dice < 3) {
        join();
      } else if (dice < 5 && !members_.empty()) {
        const auto leaver = below(members_.size());
        for (auto& walk : walks) std::erase(walk->expected, members_[leaver]);
        leave(leaver);
      } else if (dice == 5 && walks.size() < 3) {
        walks.push_back(std::make_unique<Walk>(group_));
        walks.back()->expected = members_;
      } else if (!walks.empty()) {
        const auto which = below(walks.size());
        Walk& walk = *walks[which];
        Subscriber* next = walk.walk.next();
        if (next == nullptr) {
          ASSERT_TRUE(walk.expected.empty()) << "in history " << history;
          walks.erase(walks.begin() + static_cast<std::ptrdiff_t>(which));
        } else {
          ASSERT_EQ(std::erase(walk.expected, next), 1U) << "in history " << history;
        }
      }
      ASSERT_EQ(group_.size(), members_.size());
    }
    walks.clear();
    while (!members_.empty()) leave(0);
    ASSERT_TRUE(group_.unused());
    all_.clear();
  }
}

}  // namespace
}  // namespace togglecast::delivery
