#include "changes/commit_pipeline.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include "base/fail_point.hpp"
#include "changes/commit_steps.hpp"
#include "changes/timed_changes.hpp"
#include "domain/state/consistency.hpp"

namespace togglecast::changes {
namespace {

// A copy of another environment, or an undo, names assets without their bytes.
Result<void> check_assets(storage::WriteTransaction& transaction, const domain::IndexedRow& row,
                          const std::vector<storage::AssetWrite>& given) {
  for (const domain::IndexedOp& op : row.ops) {
    for (const domain::NamedAsset& asset : op.assets) {
      const bool comes = std::any_of(given.begin(), given.end(),
                                     [&](const auto& one) { return one.sha256 == asset.sha256; });
      if (comes) continue;
      const auto stored = transaction.has_bytes(asset.sha256);
      if (!stored) return tl::unexpected(stored.error());
      if (!*stored)
        return fail(Errc::conflict, "the asset " + asset.sha256 + " of " +
                                        std::string(domain::to_string(op.kind)) + ' ' +
                                        std::to_string(op.id) + " is not kept any more; upload it again");
    }
  }
  return {};
}

}  // namespace

CommitPipeline::CommitPipeline(storage::Store& store, const ReadModel& model, Tail& tail, const Clock& clock,
                               observe::Log& log, observe::Metrics& metrics,
                               const CommitPipelineOptions& options)
    : store_(store),
      model_(model),
      tail_(tail),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      options_(options),
      commit_seconds_(metrics.histogram("togglecast_commit_seconds",
                                        "From taking the counter row to the commit.",
                                        observe::duration_buckets())),
      prune_failures_(metrics.counter("togglecast_log_prune_failures_total",
                                      "Tries to remove old changes that failed and are repeated.")),
      watch_(
          store, [this] { return catch_up_all(); }, log, metrics, options.watch) {}

// A readiness probe asks for this, so the server takes no writes until the store works again.
Result<void> CommitPipeline::catch_up_all() {
  for (const std::string& environment : model_.environments()) {
    const auto transaction = store_.begin(environment);
    if (!transaction) return tl::unexpected(transaction.error());
    if (auto newest = tail_.catch_up(environment, (*transaction)->head()); !newest)
      return tl::unexpected(newest.error());
  }
  return {};
}

Result<void> CommitPipeline::has_room_for(const std::string& key) const {
  const auto known = model_.environments();
  for (const std::string& one : known)
    if (domain::same_but_for_case(one, key))
      return fail(Errc::already_exists, "there is already an environment '" + one + "'");
  if (known.size() > kMaxEnvironments)  // one of them is `system`
    return fail(Errc::conflict,
                "there are " + std::to_string(kMaxEnvironments) + " environments, as many as there may be");
  return {};
}

Result<void> CommitPipeline::make_environment(const std::string& key, const Sha256& genesis) {
  if (auto room = has_room_for(key); !room) return room;
  try {
    if (auto made = store_.create_environment(key, genesis, clock_.wall_now()); !made) {
      const Errc code = made.error().code;
      if (code == Errc::already_exists || code == Errc::invalid_argument) return made;
      return watch_.failed(made.error());
    }
  } catch (const std::exception& error) {
    return not_built({Errc::internal, error.what(), {}});
  }
  if (!tail_.follow()) tail_.notice();
  wait_until_visible(key, 0);
  return {};
}

bool CommitPipeline::prune(const std::string& environment, domain::Revision until) noexcept {
  try {
    const auto fence = options_.upkeep == nullptr ? std::nullopt : options_.upkeep->fence();
    if (options_.upkeep != nullptr && !fence) return false;
    const auto more = prune_step(environment, until, fence);
    if (more) return *more;
    if (fence && more.error().code == Errc::conflict) {
      options_.upkeep->lose();
      return false;
    }
    prune_failures_.add();
    log_.warn("old changes could not be removed; trying again",
              {{"environment", environment}, {"reason", more.error().message}});
  } catch (const std::exception&) {
    prune_failures_.add();  // no memory
  }
  return false;
}

Result<bool> CommitPipeline::prune_step(const std::string& environment, domain::Revision until,
                                        const std::optional<storage::Fence>& fence) {
  storage::PruneBounds bounds = options_.prune;
  bounds.fence = fence;
  const auto pruned = store_.prune_log(environment, until, bounds);
  if (!pruned) return tl::unexpected(pruned.error());
  if (pruned->rows > 0) {
    metrics_
        .counter("togglecast_log_pruned_total",
                 "Changes that were removed from the log for their number or age.",
                 {{"environment", environment}})
        .add(pruned->rows);
  }
  if (pruned->more) return true;
  const auto collected = store_.collect_assets(environment, options_.assets_at_once);
  if (!collected) return tl::unexpected(collected.error());
  if (*collected > 0) {
    metrics_
        .counter("togglecast_assets_collected_total",
                 "Assets that were removed because no entity has them and no kept change names them.",
                 {{"environment", environment}})
        .add(*collected);
  }
  if (*collected == options_.assets_at_once) return true;
  return store_.give_back_space();
}

Result<Written> CommitPipeline::write(const WriteRequest& request) {
  const auto known = model_.current(request.environment);
  if (known == nullptr) return fail(Errc::not_found, "there is no environment '" + request.environment + "'");
  try {
    auto transaction = store_.begin_after(request.environment, known->revision());
    if (!transaction) return watch_.failed(transaction.error());
    const auto newest =
        tail_.catch_up(request.environment, (*transaction)->head(), (*transaction)->take_unseen());
    if (!newest) return watch_.failed(newest.error());
    const domain::SnapshotPtr& state = *newest;
    const UnixMillis at = std::max(clock_.wall_now(), state->as_of());
    if (request.idempotency) {
      auto answered = repeated(**transaction, request, at);
      if (!answered) return tl::unexpected(answered.error());
      if (*answered) return std::move(**answered);
    }
    if (request.time_first && is_due(*state, at)) {
      transaction->reset();
      return write_after_time(request);
    }
    WriteContext context(*state, at, **transaction);
    auto draft = request.build(context);
    if (!draft) return not_built(draft.error());
    auto ready = make_ready(**transaction, request, state, std::move(*draft), at);
    if (!ready) return tl::unexpected(ready.error());
    return commit(std::move(*transaction), request, std::move(*ready));
  } catch (const std::exception& error) {
    return not_built({Errc::internal, error.what(), {}});
  }
}

// If the due change cannot be written, the request is tried all the same. The scheduler reports it and tries
// again.
Result<Written> CommitPipeline::write_after_time(WriteRequest request) {
  const auto passed = write(timed_change(request.environment));
  request.time_first = passed && passed->changed;
  return write(request);
}

Result<std::optional<Written>> CommitPipeline::repeated(storage::WriteTransaction& transaction,
                                                        const WriteRequest& request, UnixMillis now) {
  const auto remembered = transaction.remembered(*request.idempotency, now);
  if (!remembered) return watch_.failed(remembered.error());
  if (!*remembered) return std::nullopt;
  if ((*remembered)->request != request.idempotency->request)
    return fail(Errc::conflict, "this Idempotency-Key was used for another request");
  const storage::Outcome& outcome = (*remembered)->outcome;
  if (const auto then = model_.at(request.environment, outcome.revision))  // answers the same bytes
    return Written{outcome.kind,
                   outcome.id,
                   then->body(outcome.kind, outcome.id),
                   outcome.revision,
                   then->head().epoch,
                   outcome.changed,
                   true};
  auto written = from_log(transaction, request.environment, outcome);
  if (!written) return tl::unexpected(written.error());
  return std::move(*written);
}

// The entity at that revision, as the log has it: its members come in canonical order.
Result<Written> CommitPipeline::from_log(storage::WriteTransaction& transaction,
                                         const std::string& environment, const storage::Outcome& outcome) {
  const std::int64_t epoch = transaction.head().epoch;
  Written written{outcome.kind, outcome.id, nullptr, outcome.revision, epoch, outcome.changed, true};
  for (domain::Revision until = outcome.revision; until > 0; --until) {
    const auto touched = transaction.last_touched(outcome.kind, outcome.id, until);
    if (!touched) return watch_.failed(touched.error());
    if (*touched == 0) break;
    const auto row = transaction.row(*touched);
    if (!row) return watch_.failed(row.error());
    bool found = false;  // not at a time boundary, which only names it
    for (const domain::Op& op : row->change.ops) {
      if (op.entity != outcome.kind || op.id != outcome.id || domain::is_time_boundary(op)) continue;
      written.body = op.after;
      found = true;
    }
    if (found) return written;
    until = *touched;
  }
  auto body = body_by_later_rows(transaction, environment, outcome);
  if (!body) return watch_.failed(body.error());
  written.body = std::move(*body);
  return written;
}

// A request that changed nothing may name an entity whose last change is no longer kept. The next change says
// what the entity was before; without one, it is what it was.
Result<json::value> CommitPipeline::body_by_later_rows(storage::WriteTransaction& transaction,
                                                       const std::string& environment,
                                                       const storage::Outcome& outcome) {
  for (domain::Revision after = outcome.revision;;) {
    const auto touched = transaction.first_touched(outcome.kind, outcome.id, after);
    if (!touched) return tl::unexpected(touched.error());
    if (*touched == 0)
      return json::parse(json::canonical(model_.current(environment)->body(outcome.kind, outcome.id)),
                         {.depth = 64});
    const auto row = transaction.row(*touched);
    if (!row) return tl::unexpected(row.error());
    for (const domain::Op& op : row->change.ops)
      if (op.entity == outcome.kind && op.id == outcome.id && !domain::is_time_boundary(op)) return op.before;
    after = *touched;
  }
}

storage::Commit CommitPipeline::Ready::commit(const WriteRequest& request) const {
  return {.row = row ? &*row : nullptr,
          .secrets = draft.secrets,
          .assets = draft.assets,
          .idempotency = request.idempotency,
          .outcome = outcome,
          .at = at,
          .fence = row ? request.fence : std::nullopt};
}

Result<CommitPipeline::Ready> CommitPipeline::make_ready(storage::WriteTransaction& transaction,
                                                         const WriteRequest& request,
                                                         const domain::SnapshotPtr& state, Draft draft,
                                                         UnixMillis at) {
  const bool changed = !draft.ops.empty() || draft.tick;
  const domain::Revision revision = state->revision() + (changed ? 1 : 0);
  Ready ready{{draft.kind, draft.id, nullptr, revision, state->head().epoch, changed, false},
              {revision, changed, draft.kind, draft.id},
              {},
              state};
  ready.at = at;
  if (!changed) {
    ready.written.body = state->body(draft.kind, draft.id);
    return Result<Ready>(std::move(ready));
  }
  auto row = domain::make_row(request.environment, state->head(), at, request.actor,
                              {state->revision(), std::move(draft.ops)});
  if (!row) return tl::unexpected(row.error());
  auto after = domain::apply(*state, row->change, row->head);
  if (!after) return tl::unexpected(after.error());
  if (auto ok = domain::check_consistent(*state, **after, row->change); !ok)
    return tl::unexpected(ok.error());
  ready.written.body = (*after)->body(draft.kind, draft.id);
  ready.after = *after;
  ready.prepared = Tail::prepare(std::move(*row), state, std::move(*after));
  ready.row = domain::index_row(ready.prepared.front().commit->row);
  if (auto ok = check_assets(transaction, *ready.row, draft.assets); !ok) return tl::unexpected(ok.error());
  ready.draft = std::move(draft);
  return Result<Ready>(std::move(ready));
}

Result<Written> CommitPipeline::commit(Transaction transaction, const WriteRequest& request, Ready ready) {
  if (ready.prepared.empty()) return remember_only(*transaction, request, std::move(ready));
  const TimePoint started = clock_.now();
  const auto committed = commit_or_error(*transaction, ready.commit(request));
  if (!committed && request.fence && committed.error().code == Errc::conflict) {
    if (options_.upkeep != nullptr) options_.upkeep->lose();
    return tl::unexpected(committed.error());
  }
  if (!committed) {
    transaction.reset();
    return find_out(ready.prepared.front().commit, std::move(ready.written), committed.error());
  }
  // From here on the change exists, and nothing may end in another answer.
  pass(FailPoint::after_commit);
  commit_seconds_.observe(std::chrono::duration<double>(clock_.now() - started).count());
  tail_.offer(std::move(ready.prepared));
  wait_until_visible(request.environment, ready.written.revision);
  try_to([this] { watch_.worked(); });
  return std::move(ready.written);
}

Result<Written> CommitPipeline::remember_only(storage::WriteTransaction& transaction,
                                              const WriteRequest& request, Ready ready) {
  if (!request.idempotency) return std::move(ready.written);
  const auto kept = transaction.commit(ready.commit(request));
  if (!kept) return watch_.failed(kept.error());
  watch_.worked();
  return std::move(ready.written);
}

Result<Written> CommitPipeline::find_out(const CommitPtr& wanted, Written written,
                                         const Error& error) noexcept {
  try {
    const auto refused = watch_.failed(error);
    switch (fate_of(wanted)) {
      case Fate::written:
        return written;
      case Fate::lost:
        return refused;
      case Fate::unknown:
        break;
    }
    return tl::unexpected(may_exist(wanted->row.head.revision));
  } catch (...) {
    return tl::unexpected(Error{Errc::unavailable, "maybe committed", {}});  // short: needs no memory
  }
}

CommitPipeline::Fate CommitPipeline::fate_of(const CommitPtr& wanted) noexcept {
  try {
    const domain::LogRow& row = wanted->row;
    const auto transaction = store_.begin(row.environment);
    if (!transaction) return Fate::unknown;
    if (!tail_.catch_up(row.environment, (*transaction)->head())) return Fate::unknown;
    const auto then = model_.at(row.environment, row.head.revision);
    if (then == nullptr)
      return (*transaction)->head().revision >= row.head.revision ? Fate::unknown : Fate::lost;
    if (then->head() != row.head) return Fate::lost;
    watch_.worked();
    return Fate::written;
  } catch (...) {
    return Fate::unknown;
  }
}

Error CommitPipeline::may_exist(domain::Revision revision) noexcept {
  try {
    return {Errc::unavailable,
            "the store failed during the commit, and the change may exist as revision " +
                std::to_string(revision) +
                "; look before you repeat it, or repeat it with the same Idempotency-Key",
            {}};
  } catch (...) {
    return {Errc::unavailable, "maybe committed", {}};  // short: needs no memory
  }
}

void CommitPipeline::wait_until_visible(const std::string& environment, domain::Revision revision) noexcept {
  if (tail_.reaches(environment, revision, options_.visible)) return;
  try_to([&] {
    log_.warn("a change is committed and not visible yet; the tail tries again",
              {{"environment", environment}, {"revision", std::to_string(revision)}});
  });
}

// One change failed. That says nothing about the store.
tl::unexpected<Error> CommitPipeline::not_built(const Error& error) {
  if (error.code == Errc::internal) log_.error("a change could not be made", {{"reason", error.message}});
  return told(error);
}

}  // namespace togglecast::changes
