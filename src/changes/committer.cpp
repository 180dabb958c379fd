#include "changes/committer.hpp"

#include <algorithm>
#include <exception>
#include <tuple>

#include "changes/timed_changes.hpp"
#include "changes/worker_pool.hpp"
#include "domain/state/consistency.hpp"

namespace togglecast::changes {
namespace {

// What the asker may know.
tl::unexpected<Error> told(const Error& error) {
  if (error.code == Errc::internal)
    return fail(Errc::internal, "the change could not be made; the log says why");
  return tl::unexpected(error);
}

// That one change failed, which says nothing of the store.
tl::unexpected<Error> not_built(observe::Log& log, const Error& error) {
  if (error.code == Errc::internal) log.error("a change could not be made", {{"reason", error.message}});
  return told(error);
}

}  // namespace

Committer::Committer(storage::Store& store, ReadModel& model, ChangeFeed& feed, const Clock& clock,
                     observe::Log& log, observe::Metrics& metrics, const CommitterOptions& options)
    : store_(store),
      model_(model),
      feed_(feed),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      options_(options),
      commits_(metrics.counter("togglecast_commits_total", "Committed changes.")),
      failures_(metrics.counter("togglecast_store_failures_total", "Writes that the store could not take.")),
      refused_(metrics.counter("togglecast_writes_refused_total", "Writes refused because too many waited.")),
      commit_seconds_(metrics.histogram("togglecast_commit_seconds",
                                        "From taking the counter row to the commit.",
                                        observe::duration_buckets())),
      waiting_(metrics.gauge("togglecast_writes_waiting", "Writes that wait for the writer.")) {}

Result<Written> Committer::perform(const WriteRequest& request) { return write(request); }

void Committer::start() {
  for (const auto& environment : model_.environments()) note_revision(*model_.current(environment));
  thread_ = std::thread([this] { run(); });
}

void Committer::submit(WriteRequest request, Done done) {
  {
    const std::scoped_lock lock(mutex_);
    if (!stopping_ && jobs_.size() < options_.queue) {
      jobs_.push_back({std::move(request), std::move(done)});
      waiting_.set(static_cast<std::int64_t>(jobs_.size()));
      wake_.notify_one();
      return;
    }
  }
  refused_.add();
  done(busy("too many changes are waiting to be written; try again"));
}

void Committer::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Committer::run() {
  using Steady = std::chrono::steady_clock;
  auto next_look = Steady::now() + options_.look;
  bool healthy = true;
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_until(lock, next_look, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_ && jobs_.empty()) return;
      if (!jobs_.empty()) {
        job = std::move(jobs_.front());
        jobs_.pop_front();
        waiting_.set(static_cast<std::int64_t>(jobs_.size()));
      }
    }
    if (job.done) job.done(write(job.request));
    if (Steady::now() >= next_look) {
      look_after_store();
    } else if (health().has_value() == healthy) {
      continue;
    }
    healthy = health().has_value();
    next_look = Steady::now() + (healthy ? options_.look : options_.retry);
  }
}

// Whoever asks whether this server is ready may send it no writes until it is.
void Committer::look_after_store() {
  const auto before = health();
  Result<void> now;
  try {
    now = before ? store_.in_place() : try_out_store();
  } catch (const std::exception& error) {
    now = fail(Errc::internal, error.what());
  }
  if (now) {
    if (!before) store_worked();
  } else if (before || before.error().message != now.error().message) {
    std::ignore = store_failed(now.error());
  }
}

Result<void> Committer::try_out_store() {
  for (const std::string& environment : model_.environments()) {
    auto transaction = store_.begin(environment);
    if (!transaction) return tl::unexpected(transaction.error());
    if (auto newest = follow(**transaction, model_.current(environment)); !newest)
      return tl::unexpected(newest.error());
  }
  return store_.try_out();
}

Result<Written> Committer::write(const WriteRequest& request) {
  auto state = model_.current(request.environment);
  if (state == nullptr) return fail(Errc::not_found, "there is no environment '" + request.environment + "'");
  try {
    auto transaction = store_.begin(request.environment);
    if (!transaction) return store_failed(transaction.error());
    auto newest = follow(**transaction, std::move(state));
    if (!newest) return store_failed(newest.error());
    state = std::move(*newest);
    if (request.idempotency) {
      const auto remembered = (*transaction)->remembered(*request.idempotency);
      if (!remembered) return store_failed(remembered.error());
      if (*remembered) {
        if ((*remembered)->request != request.idempotency->request)
          return fail(Errc::conflict, "this Idempotency-Key was used for another request");
        const storage::Outcome& outcome = (*remembered)->outcome;
        if (const auto then = model_.at(request.environment, outcome.revision))  // the very bytes
          return Written{outcome.kind,     outcome.id,      then->body(outcome.kind, outcome.id),
                         outcome.revision, outcome.changed, true};
        return replay(**transaction, outcome);
      }
    }
    const UnixMillis at = std::max(clock_.wall_now(), state->as_of());
    if (request.time_first && is_due(*state, at)) {
      transaction->reset();
      return write_after_time(request);
    }
    WriteContext context(*state, at, **transaction);
    auto draft = request.build(context);
    if (!draft) return not_built(log_, draft.error());
    return commit(**transaction, request, state, std::move(*draft), at);
  } catch (const std::exception& error) {
    return not_built(log_, {Errc::internal, error.what(), {}});
  }
}

// When time cannot be written, what was asked for is tried all the same: the timer tells, and tries again.
Result<Written> Committer::write_after_time(WriteRequest request) {
  const auto passed = write(timed_change(request.environment));
  request.time_first = passed && passed->changed;
  return write(request);
}

// Another node may have written; so may this one, when a commit failed halfway and happened all the same.
Result<domain::SnapshotPtr> Committer::follow(storage::WriteTransaction& transaction,
                                              domain::SnapshotPtr state) {
  if (transaction.head() == state->head()) return state;
  auto rows = transaction.rows_after(state->revision());
  if (!rows) return tl::unexpected(rows.error());
  for (domain::LogRow& row : *rows) {
    if (auto ok = domain::check_follows(state->head(), row); !ok) return tl::unexpected(ok.error());
    auto after = domain::apply(*state, row.change, row.head);
    if (!after) return tl::unexpected(after.error());
    publish(std::move(row), state, *after);
    state = std::move(*after);
  }
  if (transaction.head() != state->head())
    return fail(Errc::internal, "the change log was rewritten; restart");
  return state;
}

// The entity as that revision left it, or found it, from the log: its members come in canonical order.
Result<Written> Committer::replay(storage::WriteTransaction& transaction, const storage::Outcome& outcome) {
  Written written{outcome.kind, outcome.id, nullptr, outcome.revision, outcome.changed, true};
  const auto touched = transaction.last_touched(outcome.kind, outcome.id, outcome.revision);
  if (!touched) return store_failed(touched.error());
  const auto row = transaction.row(*touched);
  if (!row) return store_failed(row.error());
  for (const domain::Op& op : row->change.ops)
    if (op.entity == outcome.kind && op.id == outcome.id) written.body = op.after;
  return written;
}

Result<Written> Committer::commit(storage::WriteTransaction& transaction, const WriteRequest& request,
                                  const domain::SnapshotPtr& state, Draft draft, UnixMillis at) {
  const bool changed = !draft.ops.empty() || draft.tick;
  Written written{draft.kind, draft.id, nullptr, state->revision() + (changed ? 1 : 0), changed, false};
  const storage::Outcome outcome{written.revision, changed, draft.kind, draft.id};
  if (!changed) {
    written.body = state->body(draft.kind, draft.id);
    if (!request.idempotency) return written;
    const auto kept = transaction.commit(
        {.row = nullptr, .secrets = {}, .idempotency = request.idempotency, .outcome = outcome, .at = at});
    if (!kept) return store_failed(kept.error());
    store_worked();
    return written;
  }
  auto row = domain::make_row(request.environment, state->head(), at, request.actor,
                              {state->revision(), std::move(draft.ops)});
  if (!row) return tl::unexpected(row.error());
  auto after = domain::apply(*state, row->change, row->head);
  if (!after) return tl::unexpected(after.error());
  if (auto ok = domain::check_consistent(*state, **after, row->change); !ok)
    return tl::unexpected(ok.error());

  const TimePoint started = clock_.now();
  const auto committed = transaction.commit({.row = &*row,
                                             .secrets = draft.secrets,
                                             .idempotency = request.idempotency,
                                             .outcome = outcome,
                                             .at = at});
  if (!committed) return store_failed(committed.error());
  commit_seconds_.observe(std::chrono::duration<double>(clock_.now() - started).count());
  store_worked();
  written.body = (*after)->body(draft.kind, draft.id);
  publish(std::move(*row), state, *after);
  return written;
}

void Committer::publish(domain::LogRow row, domain::SnapshotPtr before, domain::SnapshotPtr after) {
  commits_.add();
  note_revision(*after);
  model_.advance(after);
  auto impact = domain::impact_of(*before, *after, row.change);
  feed_.publish(std::make_shared<const Commit>(
      Commit{std::move(row), std::move(before), std::move(after), std::move(impact)}));
}

tl::unexpected<Error> Committer::store_failed(const Error& error) {
  failures_.add();
  log_.error("the store failed", {{"code", to_string(error.code)}, {"reason", error.message}});
  {
    const std::scoped_lock lock(health_mutex_);
    last_failure_ = error;
  }
  return told(error);
}

void Committer::store_worked() {
  {
    const std::scoped_lock lock(health_mutex_);
    if (!last_failure_) return;
    last_failure_.reset();
  }
  log_.info("the store works again");
}

void Committer::note_revision(const domain::Snapshot& state) {
  metrics_.gauge("togglecast_revision", "Newest revision.", {{"environment", state.environment()}})
      .set(state.revision());
}

Result<void> Committer::health() const {
  const std::scoped_lock lock(health_mutex_);
  if (last_failure_) return tl::unexpected(*last_failure_);
  return {};
}

}  // namespace togglecast::changes
