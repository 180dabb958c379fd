// A committer, a tail, a read model and a feed on a real SQLite file, without services.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "changes/committer.hpp"
#include "changes/ops.hpp"
#include "storage/sqlite/sqlite_store.hpp"
#include "support/eventually.hpp"
#include "support/temporary_folder.hpp"
#include "unit/changes/faults.hpp"
#include "unit/domain/builders.hpp"
#include "unit/storage/sqlite/other_process.hpp"

namespace togglecast::changes::testing {

using domain::testing::create;
using domain::testing::platform;
using storage::sqlite::testing::OtherProcess;
using Revisions = std::vector<domain::Revision>;

/// What a subscriber was told, from any thread.
class Ear {
 public:
  void hear(const CommitPtr& commit) {
    const std::scoped_lock lock(mutex_);
    commits_.push_back(commit);
  }
  std::vector<CommitPtr> commits() const {
    const std::scoped_lock lock(mutex_);
    return commits_;
  }
  Revisions revisions() const {
    Revisions found;
    for (const auto& commit : commits()) found.push_back(commit->row.head.revision);
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<CommitPtr> commits_;
};

inline Revisions up_to(domain::Revision last) {
  Revisions all;
  for (domain::Revision revision = 1; revision <= last; ++revision) all.push_back(revision);
  return all;
}

class ChangesTest : public ::testing::Test {
 protected:
  explicit ChangesTest(const RingLimits& limits = {}) : model_(limits) {}
  /// Neither thread runs yet. `poll` is long unless a test says otherwise: nothing comes from the store
  /// alone.
  void open() {
    auto real = storage::sqlite::SqliteStore::open(data()).value();
    EXPECT_TRUE(real->create_environment("production", sha256("genesis"), {1'700'000'000'000}).has_value());
    store_ = std::make_unique<FaultyStore>(std::move(real), faults_);
    tail_ = std::make_unique<Tail>(model_, feed_,
                                   std::make_unique<FaultyReader>(store_->open_reader().value(), reader_),
                                   log_, metrics_, tail_options_);
    committer_ = std::make_unique<Committer>(*store_, model_, *tail_, clock_, log_, metrics_, options_);
    ASSERT_TRUE(tail_->follow().has_value());
    heard_ = feed_.subscribe([this](const CommitPtr& commit) { ear_.hear(commit); });
  }
  void TearDown() override {
    if (committer_) committer_->stop();
    if (tail_) tail_->stop();
  }

  std::filesystem::path data() const { return folder_.path() / "data"; }
  domain::SnapshotPtr current(std::string_view environment = "production") const {
    return model_.current(environment);
  }
  static WriteRequest creation(const std::string& key) {
    return own_write("production", Source::rest, [key](WriteContext& context) -> Result<Draft> {
      const auto id = context.next_id(domain::Kind::platform);
      if (!id) return tl::unexpected(id.error());
      auto entity = platform(*id, key);
      return Draft{domain::Kind::platform, *id, {create_op(entity, *id, context)}, {}};
    });
  }
  /// A row of ours on `state`, written into the store behind the committer's back, with the state after it.
  ChangeFeed::Prepared written_row(const domain::SnapshotPtr& state, int id) {
    auto row = OtherProcess(data()).write("production", {create(platform(id, "p" + std::to_string(id)))});
    auto after = domain::apply(*state, row.change, row.head).value();
    return Tail::prepare(std::move(row), state, std::move(after));
  }
  bool counted(const std::string& metric) const {
    return metrics_.exposition().find(metric) != std::string::npos;
  }
  bool becomes(domain::Revision revision) const {
    return test::eventually([&] { return current()->revision() == revision; });
  }

  togglecast::testing::TemporaryFolder folder_;
  ManualClock clock_;
  std::mutex lines_mutex_;
  std::vector<std::string> lines_;
  observe::Log log_{{},
                    [this](std::string_view line) {
                      const std::scoped_lock lock(lines_mutex_);
                      lines_.emplace_back(line);
                    },
                    clock_};
  observe::Metrics metrics_;
  StoreFaults faults_;
  FaultyReader::Switches reader_;
  TailOptions tail_options_{
      .poll = std::chrono::hours{1}, .first_pause = Milliseconds{1}, .longest_pause = Milliseconds{5}};
  CommitterOptions options_{
      .queue = 16,
      .pipeline = {.visible = std::chrono::seconds{20},
                   .watch = {.look = std::chrono::hours{1}, .retry = std::chrono::hours{1}}}};
  std::unique_ptr<FaultyStore> store_;
  ReadModel model_;
  ChangeFeed feed_;
  Ear ear_;
  ChangeFeed::Subscription heard_;
  std::unique_ptr<Tail> tail_;
  std::unique_ptr<Committer> committer_;
};

}  // namespace togglecast::changes::testing
