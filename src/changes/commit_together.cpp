// Writes that share a transaction.
#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include "base/fail_point.hpp"
#include "changes/commit_pipeline.hpp"
#include "changes/commit_steps.hpp"
#include "changes/timed_changes.hpp"

namespace togglecast::changes {

struct CommitPipeline::Together {
  explicit Together(std::vector<Result<Written>>& all_answers) : answers(all_answers) {}

  domain::SnapshotPtr state;  // after the last write that joined
  std::vector<Result<Written>>& answers;
  std::vector<ChangeFeed::Prepared> changes;
  bool added = false;  // there is something to commit
};

void CommitPipeline::write(std::span<const WriteRequest* const> requests,
                           std::vector<Result<Written>>& answers) {
  Fate fate = Fate::lost;
  try {
    fate = write_together(requests, answers);
  } catch (const std::exception&) {
    fate = Fate::lost;  // nothing is thrown once the commit has begun
  }
  if (fate == Fate::lost) answers.clear();
  if (fate == Fate::unknown) {
    for (auto& answer : answers)
      if (answer) answer = tl::unexpected(may_exist(answer->revision));
  }
  for (const WriteRequest* request : requests.subspan(answers.size())) answers.push_back(write(*request));
}

CommitPipeline::Fate CommitPipeline::write_together(std::span<const WriteRequest* const> requests,
                                                    std::vector<Result<Written>>& answers) {
  const std::string& environment = requests.front()->environment;
  const auto known = model_.current(environment);
  if (requests.size() < 2 || known == nullptr) return Fate::lost;
  auto transaction = store_.begin_after(environment, known->revision());
  if (!transaction) return Fate::lost;
  auto newest = tail_.catch_up(environment, (*transaction)->head(), (*transaction)->take_unseen());
  if (!newest) return Fate::lost;
  Together all(answers);
  all.state = *std::move(newest);
  for (const WriteRequest* request : requests)
    if (!join(all, **transaction, *request)) break;
  return commit(all, *std::move(transaction));
}

bool CommitPipeline::join(Together& all, storage::WriteTransaction& transaction,
                          const WriteRequest& request) {
  const UnixMillis at = std::max(clock_.wall_now(), all.state->as_of());
  if (request.idempotency) {
    auto answered = repeated(transaction, request, at);
    if (!answered) return false;
    if (*answered) {
      // What this transaction has written is answered from the read model, once it is there.
      if ((*answered)->revision > model_.current(request.environment)->revision()) return false;
      all.answers.emplace_back(std::move(**answered));
      return true;
    }
  }
  if (request.time_first && is_due(*all.state, at)) return false;
  WriteContext context(*all.state, at, transaction);
  auto draft = request.build(context);
  if (!draft) {
    all.answers.emplace_back(not_built(draft.error()));
    return true;
  }
  auto ready = make_ready(transaction, request, all.state, std::move(*draft), at);
  if (!ready) {
    all.answers.emplace_back(tl::unexpected(ready.error()));
    return true;
  }
  const bool changes = !ready->prepared.empty();
  if (changes || request.idempotency) {
    if (auto added = transaction.add(ready->commit(request)); !added)
      throw std::runtime_error(added.error().message);
    all.added = true;
  }
  if (changes) all.changes.push_back(std::move(ready->prepared));
  all.state = ready->after;
  all.answers.emplace_back(std::move(ready->written));
  return true;
}

CommitPipeline::Fate CommitPipeline::commit(Together& all, Transaction transaction) noexcept {
  if (!all.added) return Fate::written;
  const CommitPtr last = all.changes.empty() ? nullptr : all.changes.back().front().commit;
  const TimePoint started = clock_.now();
  const auto committed = commit_or_error(*transaction, {});
  transaction.reset();
  if (!committed) {
    try_to([&] { (void)watch_.failed(committed.error()); });
    return last == nullptr ? Fate::lost : fate_of(last);  // all of its rows are there, or none
  }
  pass(FailPoint::after_commit);
  commit_seconds_.observe(std::chrono::duration<double>(clock_.now() - started).count());
  if (last == nullptr) return Fate::written;
  for (auto& change : all.changes) tail_.offer(std::move(change));
  wait_until_visible(last->row.environment, last->row.head.revision);
  try_to([this] { watch_.worked(); });
  return Fate::written;
}

}  // namespace togglecast::changes
