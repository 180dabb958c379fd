// Random histories of changes, arrivals, departures, slow readers, gaps and repetitions: in the end every
// subscriber sees what one that connects now would see, and the running totals are what counting gives.
#include <algorithm>
#include <random>

#include "unit/delivery/delivery_fixture.hpp"

namespace togglecast::delivery::testing {
namespace {

using namespace domain::testing;

class RandomHistories : public DeliveryTest {
 protected:
  static constexpr domain::Id kFeatures = 6, kPackages = 3, kClients = 5;

  std::size_t below(std::size_t n) { return random_() % n; }
  domain::Id any(domain::Id most) {
    return static_cast<domain::Id>(below(static_cast<std::size_t>(most))) + 1;
  }

  void begin() {
    std::vector<domain::Op> ops;
    for (domain::Id id = 1; id <= 2; ++id) ops.push_back(create(platform(id, "p" + std::to_string(id))));
    for (domain::Id id = 1; id <= kFeatures; ++id) ops.push_back(create(some_feature(id)));
    for (domain::Id id = 1; id <= kPackages; ++id) ops.push_back(create(some_package(id)));
    for (domain::Id id = 1; id <= kClients; ++id) ops.push_back(create(some_client(id)));
    keep_views();
    begin_with(std::move(ops));
  }
  domain::Feature some_feature(domain::Id id) {
    static const char* const kRules[] = {
        "{}", R"({"targeting":{"if":[{"==":[{"var":"region"},"eu"]},"on","off"]}})",
        R"({"targeting":{"if":[{"var":"client.vip"},"on","off"]}})", R"({"state":"DISABLED"})"};
    const std::string rules = long_rules_ && below(2) == 0 ? long_rule() : kRules[below(4)];
    auto made = feature(id, "f" + std::to_string(id), rules);
    if (long_rules_ && id > 1 && below(3) == 0) made.required = {below(2) == 0 ? 1 : id - 1};
    made.name = "Name " + std::to_string(below(1'000));
    return made;
  }
  // Takes so many steps that a turn may end in the middle of a view; with sub-features, of an answer.
  std::string long_rule() {
    std::string list;
    for (int i = 0; i < 150; ++i) list += "1,";
    const std::string rule = R"({"if":[{"and":[{"none":[[)" + list +
                             R"(1],{"==":[{"var":""},2]}]},{"==":[{"var":")" +
                             (below(2) == 0 ? "region" : "client.vip") + R"("},"eu"]}]},"on","off"]})";
    if (below(2) == 0) return R"({"targeting":)" + rule + "}";
    return R"({"targeting":)" + rule + R"(,"sub_features":[{"key":"a","name":"A","targeting":)" + rule +
           R"(},{"key":"b","name":"B","targeting":)" + rule + "}]}";
  }
  domain::Package some_package(domain::Id id) {
    std::string features;
    for (domain::Id one = 1; one <= kFeatures; ++one)
      if (below(2) == 0)
        features +=
            (features.empty() ? "" : ",") + std::string(R"({"feature_id":)") + std::to_string(one) + "}";
    return package(id, "k" + std::to_string(id), "[" + features + "]");
  }
  domain::Client some_client(domain::Id id) {
    auto made = client(id, "c" + std::to_string(id), below(5) != 0);
    if (below(4) != 0) made.package_id = any(kPackages);
    if (below(2) == 0) made.attributes = {{"vip", below(2) == 0}};
    if (below(2) == 0) made.visible_attributes = {"vip"};
    if (below(3) == 0) made.name = "Name " + std::to_string(below(3));
    return made;
  }
  std::vector<domain::Op> some_ops() {
    switch (below(4)) {
      case 0: {
        const auto id = any(kPackages);
        return {update(*newest_->find<domain::Package>(id), some_package(id))};
      }
      case 1: {
        const auto id = any(kClients);
        return {update(*newest_->find<domain::Client>(id), some_client(id))};
      }
      case 2: {
        const auto id = any(2);
        return {update(*newest_->find<domain::Platform>(id),
                       platform(id, "p" + std::to_string(id), below(2) == 0))};
      }
      default: {
        const auto id = any(kFeatures);
        return {update(*newest_->find<domain::Feature>(id), some_feature(id))};
      }
    }
  }

  std::vector<MemorySubscriber*> entered() {
    std::vector<MemorySubscriber*> all;
    for (const auto& one : subscribers_)
      if (one->entered()) all.push_back(one.get());
    return all;
  }
  void act() {
    const auto all = entered();
    held_up_ += delivery_->evaluations().size();
    MemorySubscriber* one = all.empty() ? nullptr : all[below(all.size())];
    switch (below(15)) {
      case 0:
      case 1:
        make_one();
        break;
      case 2:
        if (one != nullptr && all.size() > 3) SubscriberIndex::leave(*one);
        break;
      case 3:  // it reads no more
        if (one != nullptr) one->backlog = 1'000'000;
        break;
      case 4:
        if (one != nullptr) drain(*one);
        break;
      case 5:
        if (one != nullptr) SubscriberIndex::acknowledge(*one, SubscriberIndex::told(*one));
        break;
      case 6:
        if (one != nullptr)
          SubscriberIndex::acknowledge(
              *one, static_cast<domain::Revision>(below(static_cast<std::size_t>(newest_->revision()) + 2)));
        break;
      case 9:
        if (one != nullptr) log_in(*one, one->client()->id, {{"region", below(2) == 0 ? "eu" : "us"}});
        break;
      case 10:
        if (one != nullptr) delivery_->catch_up(*one, one->revision, [](const Result<bool>&) {});
        break;
      case 11:
        if (depth_ == 0 && below(3) == 0) lose_some();
        break;
      case 7: {  // it is lost on the way to the shard
        commits_so_far_.push_back(change(some_ops()));
        break;
      }
      case 8:
        if (!commits_so_far_.empty()) delivery_->on_commit(commits_so_far_[below(commits_so_far_.size())]);
        break;
      default:
        commits_so_far_.push_back(change(some_ops()));
        delivery_->on_commit(commits_so_far_.back());
    }
  }
  // The store comes back with an older state, and a new epoch begins.
  void lose_some() {
    const auto older =
        commits_so_far_.empty() ? first_ : commits_so_far_[below(commits_so_far_.size())]->before;
    domain::Head head = older->head();
    head.epoch = newest_->head().epoch + 1;
    newest_ = first_ = domain::apply(*older, {older->revision(), {}}, head).value();
    model_->add(changes::Ring(newest_));
    commits_so_far_.clear();
    ASSERT_TRUE(delivery_->begin(newest_));
    ASSERT_EQ(delivery_->current("production"), newest_);
    for (auto* one : entered())
      if (below(2) == 0) delivery_->send_full_state(*one, "new_epoch");
    ++new_epochs_;
  }
  void make_one() {
    auto& made = connect(any(kClients), below(2) == 0 ? json::object{{"region", below(2) == 0 ? "eu" : "us"}}
                                                      : json::object{});
    made.batch_bytes = below(3) == 0 ? 20'000 : 0;
    // Anything may happen while it is told something.
    made.on_send = [this] {
      if (below(8) == 0 && depth_ == 0) {
        ++depth_;
        act();
        --depth_;
      }
    };
  }

  DeliveryCounts counted_one_by_one(const std::vector<domain::Revision>& revisions) {
    DeliveryCounts counts;
    counts.reach.resize(revisions.size());
    for (const auto* one : entered()) {
      ++counts.clients;
      for (std::size_t i = 0; i < revisions.size(); ++i) {
        if (SubscriberIndex::told(*one) >= revisions[i]) ++counts.reach[i].told;
        if (one->acknowledged() >= revisions[i]) ++counts.reach[i].acknowledged;
      }
    }
    return counts;
  }
  void expect_totals() {
    std::vector<domain::Revision> revisions;
    for (domain::Revision revision = 0; revision <= newest_->revision() + 1; ++revision)
      revisions.push_back(revision);
    ASSERT_EQ(delivery_->index().count("production", revisions), counted_one_by_one(revisions));
  }

  void expect_true_ends(unsigned seeds) {
    for (unsigned seed = 1; seed <= seeds; ++seed) {
      SCOPED_TRACE(seed);
      random_.seed(seed);
      commits_so_far_.clear();
      start();
      begin();
      for (int i = 0; i < 5; ++i) make_one();

      for (int step = 0; step < 150; ++step) {
        act();
        expect_totals();
        if (below(3) == 0) {
          run();
          expect_totals();
        }
      }

      for (const auto& one : subscribers_) {
        one->on_send = nullptr;
        one->batch_bytes = 0;
      }
      commit(some_ops());
      run();
      for (auto* one : entered()) {
        drain(*one);
        run();
      }
      expect_totals();
      ASSERT_EQ(delivery_->current("production"), newest_);
      for (const auto* one : entered()) {
        ASSERT_EQ(one->seen, fresh_view(*one));
        ASSERT_EQ(one->creates_of_known, 0);
        ASSERT_EQ(SubscriberIndex::told(*one), newest_->revision());
      }
    }
  }

  bool long_rules_ = false;
  int new_epochs_ = 0;
  std::size_t held_up_ = 0;  // evaluations that wait for another turn
  std::mt19937 random_;
  std::vector<changes::CommitPtr> commits_so_far_;
  int depth_ = 0;
};

TEST_F(RandomHistories, EverySubscriberEndsWithTheViewOfOneThatConnectsNow) {
  expect_true_ends(60);

  EXPECT_GT(new_epochs_, 60);
}

TEST_F(RandomHistories, SoDoesOneWhoseViewTakesManyTurns) {
  long_rules_ = true;
  clock_.step = std::chrono::microseconds{600};  // a turn is over at the second look

  expect_true_ends(40);

  EXPECT_GT(held_up_, 100U);
}

}  // namespace
}  // namespace togglecast::delivery::testing
