// Nodes on one store that comes back with less than they have served: one epoch begins, and all take it.
#include <algorithm>
#include <filesystem>
#include <memory>

#include "changes/keeping/log_keeper.hpp"
#include "unit/changes/changes_fixture.hpp"

namespace togglecast::changes {
namespace {

using testing::create;
using testing::OtherProcess;
using testing::platform;

/// What one node of the store knows, without threads.
struct Node {
  Node(storage::Store& store, const Clock& clock, observe::Log& log, observe::Metrics& metrics,
       const std::string& marker)
      : store_(store),
        tail(model, feed_, store.open_reader().value(), log, metrics),
        keeper(
            store.open_reader().value(),
            LogKeeperPorts{.oldest_recent_state = [](const std::string&) { return 0; },
                           .prune = [](const std::string&, domain::Revision) {},
                           .served = [this](const std::string& environment) -> std::optional<domain::Head> {
                             const auto state = model.current(environment);
                             if (state == nullptr) return std::nullopt;
                             return state->head();
                           },
                           .begin_epoch =
                               [this](const std::string& environment, const domain::Head& lost) {
                                 const auto raised = store_.raise_epoch(environment, lost);
                                 ASSERT_TRUE(raised.has_value());
                                 raises += *raised ? 1 : 0;
                               }},
            clock, log, metrics, {.pause = Milliseconds{0}, .marker = marker, .mark = Milliseconds{0}}) {
    heard_ = feed_.subscribe([](const CommitPtr&) {},
                             [this](const domain::SnapshotPtr& first) { begun.push_back(first); });
    EXPECT_TRUE(tail.follow().has_value());
  }
  domain::Head head() const { return model.current("production")->head(); }

 private:
  storage::Store& store_;

 public:
  ReadModel model;

 private:
  ChangeFeed feed_;
  ChangeFeed::Subscription heard_;

 public:
  std::vector<domain::SnapshotPtr> begun;
  int raises = 0;
  Tail tail;
  LogKeeper keeper;
};

class LostTail : public testing::ChangesTest {
 protected:
  void set_up(int rows) {
    open();
    for (int i = 1; i <= rows; ++i)
      ASSERT_TRUE(committer_->perform(creation("p" + std::to_string(i))).has_value());
    a_ = node("a");
    b_ = node("b");
    for (Node* one : {a_.get(), b_.get()}) one->keeper.look();
  }
  std::unique_ptr<Node> node(const std::string& name) {
    std::filesystem::create_directory(folder_.path() / name);
    return std::make_unique<Node>(*store_, clock_, log_, metrics_,
                                  (folder_.path() / name / "togglecast.marker").string());
  }
  // As the threads of the nodes do it, one after the other.
  void look() {
    for (Node* one : {a_.get(), b_.get()}) {
      one->keeper.look();
      std::ignore = one->tail.follow();
    }
  }
  std::size_t logged(std::string_view part) {
    const std::scoped_lock lock(lines_mutex_);
    return static_cast<std::size_t>(
        std::count_if(lines_.begin(), lines_.end(),
                      [part](const std::string& line) { return line.find(part) != std::string::npos; }));
  }
  std::size_t kept_files(const std::string& name) const {
    const std::filesystem::directory_iterator files(folder_.path() / name);
    return static_cast<std::size_t>(std::count_if(begin(files), end(files), [](const auto& file) {
      return file.path().filename().string().starts_with("togglecast.lost-");
    }));
  }
  void expect_one_new_epoch(const domain::Head& in_store) {
    EXPECT_EQ(a_->head(), in_store);
    EXPECT_EQ(b_->head(), in_store);
    EXPECT_GT(in_store.epoch, 1);
    EXPECT_EQ(a_->raises + b_->raises, 1);
    for (Node* one : {a_.get(), b_.get()}) {
      EXPECT_EQ(one->begun.size(), 2U) << "at the start, and once again";
      EXPECT_TRUE(one->keeper.health().has_value());
      EXPECT_EQ(domain::canonical_text(*one->model.current("production")),
                domain::canonical_text(*load().snapshot));
    }
    EXPECT_EQ(logged("CHANGES WERE LOST"), 2U) << "by each node once";
    EXPECT_EQ(kept_files("a"), 1U);
    EXPECT_EQ(kept_files("b"), 1U);
  }
  storage::Loaded load() { return storage::load(*store_->open_reader().value(), "production", 10).value(); }

  std::unique_ptr<Node> a_, b_;
};

TEST_F(LostTail, NodesThatNoticeItBeginOneEpochAndTakeIt) {
  set_up(5);
  OtherProcess(data()).lose_after(3);

  for (int i = 0; i < 3; ++i) look();

  expect_one_new_epoch(load().snapshot->head());
  EXPECT_EQ(a_->head().revision, 3);
}

TEST_F(LostTail, AHealthCheckFailsFromTheLossToTheNewEpoch) {
  set_up(5);
  OtherProcess(data()).lose_after(3);

  a_->keeper.look();
  ASSERT_FALSE(a_->keeper.health().has_value());
  EXPECT_EQ(a_->keeper.health().error().code, Errc::unavailable);
  ASSERT_TRUE(a_->tail.follow().has_value());
  a_->keeper.look();

  EXPECT_TRUE(a_->keeper.health().has_value());
}

TEST_F(LostTail, AnotherHistoryThatWentFurtherIsTakenToo) {
  set_up(5);
  OtherProcess other(data());
  other.lose_after(3);
  for (int id = 14; id <= 17; ++id)
    other.write("production", {create(platform(id, "q" + std::to_string(id)))});
  EXPECT_FALSE(a_->tail.follow().has_value()) << "its rows do not follow";

  for (int i = 0; i < 3; ++i) look();

  expect_one_new_epoch(load().snapshot->head());
  EXPECT_EQ(a_->head().revision, 7);
}

TEST_F(LostTail, WhatTheServerServesCountsEvenBeforeItIsMarked) {
  set_up(3);
  for (int i = 4; i <= 5; ++i)
    ASSERT_TRUE(committer_->perform(creation("p" + std::to_string(i))).has_value());
  for (Node* one : {a_.get(), b_.get()}) ASSERT_TRUE(one->tail.follow().has_value());
  OtherProcess(data()).lose_after(3);  // as far as the markers go

  for (int i = 0; i < 3; ++i) look();

  EXPECT_EQ(a_->head(), load().snapshot->head());
  EXPECT_EQ(b_->head(), a_->head());
  EXPECT_GT(a_->head().epoch, 1);
  EXPECT_EQ(a_->raises + b_->raises, 1);
}

TEST_F(LostTail, WritesGoOnInTheNewEpoch) {
  set_up(5);
  tail_->start();
  OtherProcess(data()).lose_after(3);
  const auto refused = committer_->perform(creation("q"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  a_->keeper.look();

  const auto written = committer_->perform(creation("q"));

  ASSERT_TRUE(written.has_value()) << written.error().message;
  EXPECT_EQ(written->revision, 4);
  for (int i = 0; i < 2; ++i) look();
  EXPECT_EQ(a_->head(), load().snapshot->head());
  EXPECT_EQ(b_->head(), a_->head());
  EXPECT_EQ(current()->head(), a_->head());
}

TEST_F(LostTail, AnotherLossBeginsAnotherEpoch) {
  set_up(5);
  OtherProcess(data()).lose_after(4);
  for (int i = 0; i < 3; ++i) look();
  const auto first = a_->head();
  OtherProcess(data()).lose_after(2);

  for (int i = 0; i < 3; ++i) look();

  EXPECT_GT(a_->head().epoch, first.epoch);
  EXPECT_EQ(a_->head().revision, 2);
  EXPECT_EQ(b_->head(), a_->head());
  EXPECT_EQ(a_->raises + b_->raises, 2);
}

TEST_F(LostTail, NothingHappensWithoutALoss) {
  set_up(2);
  ASSERT_TRUE(committer_->perform(creation("p3")).has_value());

  for (int i = 0; i < 3; ++i) look();

  EXPECT_EQ(a_->head().epoch, 1);
  EXPECT_EQ(a_->head().revision, 3);
  EXPECT_EQ(a_->begun.size(), 1U);
  EXPECT_EQ(logged("LOST"), 0U);
}

}  // namespace
}  // namespace togglecast::changes
