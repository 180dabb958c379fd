// The steps of one write:
//
//   take the counter row → the tail catches up with it → answer a repeated request, or build the change
//   against exactly the state before it → validate → prepare everything that follows the commit → commit →
//   the tail moves the read model and tells the subscribers → answer
//
// Writes that wait together share a transaction: each is built against the state that those before it lead
// to, and becomes a revision of its own. All of them are answered after the commit. When the transaction
// fails without having happened, each is tried by itself, so that no write fails for another one.
//
// Changes that time makes due (timed_changes.hpp) are revisions of their own. If a request arrives before the
// scheduler has written a due change, the pipeline writes the due change first.
//
// The answer is the truth. Once the commit has happened, the answer is the written revision, even if an
// exception follows; it waits up to `visible` until the read model has that revision. When the store reports
// a failure of the commit, the pipeline looks into the log. If the store does not answer, the error is
// `unavailable` and says that the change may exist.
//
// Thread rule: the committer's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "changes/read_model.hpp"
#include "changes/store_watch.hpp"
#include "changes/tail.hpp"
#include "changes/upkeep.hpp"
#include "changes/write_request.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "storage/store.hpp"

namespace togglecast::changes {

/// Besides `system`. Each keeps a ring of snapshots.
inline constexpr std::size_t kMaxEnvironments = 100;

struct CommitPipelineOptions {
  Milliseconds visible{1'000};  ///< how long an answer waits for the read model
  StoreWatchOptions watch{};
  storage::PruneBounds prune{};    ///< of one step
  std::size_t assets_at_once = 8;  ///< that one step removes
  Upkeep* upkeep = nullptr;        ///< of the nodes of this store; null: there is one node
};

class CommitPipeline {
 public:
  /// All references must outlive it.
  CommitPipeline(storage::Store& store, const ReadModel& model, Tail& tail, const Clock& clock,
                 observe::Log& log, observe::Metrics& metrics, const CommitPipelineOptions& options = {});
  CommitPipeline(const CommitPipeline&) = delete;
  CommitPipeline& operator=(const CommitPipeline&) = delete;

  [[nodiscard]] Result<Written> write(const WriteRequest& request);
  /// Several of one environment, without fences, in this order. Appends an answer to each. What it throws, it
  /// throws before a write that has no answer yet. `answers` has room for all.
  void write(std::span<const WriteRequest* const> requests, std::vector<Result<Written>>& answers);
  /// `already_exists` also for a key that differs from an existing one in case alone; `conflict` when there
  /// are `kMaxEnvironments`.
  [[nodiscard]] Result<void> make_environment(const std::string& key, const Sha256& genesis);
  /// One small step of removing rows of the log up to `until`, then assets that nothing names any more, or of
  /// giving their space back. True when another step is needed. A failure is logged and counted, and ends it
  /// until it is asked for again. Nothing is done while another node does the upkeep.
  [[nodiscard]] bool prune(const std::string& environment, domain::Revision until) noexcept;
  [[nodiscard]] StoreWatch& watch() noexcept { return watch_; }
  [[nodiscard]] const StoreWatch& watch() const noexcept { return watch_; }

 private:
  [[nodiscard]] Result<void> catch_up_all();
  [[nodiscard]] Result<bool> prune_step(const std::string& environment, domain::Revision until,
                                        const std::optional<storage::Fence>& fence);
  [[nodiscard]] Result<void> has_room_for(const std::string& key) const;
  [[nodiscard]] Result<Written> write_after_time(WriteRequest request);
  using Transaction = std::unique_ptr<storage::WriteTransaction>;
  // The remembered answer when this request repeats an earlier one.
  [[nodiscard]] Result<std::optional<Written>> repeated(storage::WriteTransaction& transaction,
                                                        const WriteRequest& request, UnixMillis now);
  [[nodiscard]] Result<Written> from_log(storage::WriteTransaction& transaction,
                                         const std::string& environment, const storage::Outcome& outcome);
  [[nodiscard]] Result<json::value> body_by_later_rows(storage::WriteTransaction& transaction,
                                                       const std::string& environment,
                                                       const storage::Outcome& outcome);
  /// A change that is ready to be written, with all that follows its commit.
  struct Ready {
    Written written;
    storage::Outcome outcome;
    ChangeFeed::Prepared prepared;  ///< empty: nothing changes
    domain::SnapshotPtr after;
    std::optional<domain::IndexedRow> row{};
    Draft draft{};  ///< without its ops
    UnixMillis at{};

    [[nodiscard]] storage::Commit commit(const WriteRequest& request) const;
  };
  [[nodiscard]] Result<Ready> make_ready(storage::WriteTransaction& transaction, const WriteRequest& request,
                                         const domain::SnapshotPtr& state, Draft draft, UnixMillis at);
  [[nodiscard]] Result<Written> commit(Transaction transaction, const WriteRequest& request, Ready ready);
  [[nodiscard]] Result<Written> remember_only(storage::WriteTransaction& transaction,
                                              const WriteRequest& request, Ready ready);
  // The writes of one transaction.
  struct Together;
  enum class Fate : std::uint8_t { written, lost, unknown };
  // `lost`: the answers that are there are void.
  [[nodiscard]] Fate write_together(std::span<const WriteRequest* const> requests,
                                    std::vector<Result<Written>>& answers);
  // False: this write and those after it have to be made in another transaction.
  [[nodiscard]] bool join(Together& all, storage::WriteTransaction& transaction, const WriteRequest& request);
  [[nodiscard]] Fate commit(Together& all, Transaction transaction) noexcept;
  // After a commit that reported a failure: looks into the log.
  [[nodiscard]] Fate fate_of(const CommitPtr& wanted) noexcept;
  [[nodiscard]] static Error may_exist(domain::Revision revision) noexcept;
  // After a commit that reported a failure: looks into the log whether it happened.
  [[nodiscard]] Result<Written> find_out(const CommitPtr& wanted, Written written,
                                         const Error& error) noexcept;
  void wait_until_visible(const std::string& environment, domain::Revision revision) noexcept;
  [[nodiscard]] tl::unexpected<Error> not_built(const Error& error);

  storage::Store& store_;
  const ReadModel& model_;
  Tail& tail_;
  const Clock& clock_;
  observe::Log& log_;
  observe::Metrics& metrics_;
  CommitPipelineOptions options_;
  observe::Histogram& commit_seconds_;
  observe::Counter& prune_failures_;
  StoreWatch watch_;
};

}  // namespace togglecast::changes
