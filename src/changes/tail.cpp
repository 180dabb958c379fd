#include "changes/tail.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/fail_point.hpp"
#include "storage/load.hpp"

namespace togglecast::changes {
namespace {

constexpr std::size_t kRowsAtOnce = 256;
constexpr std::size_t kMostAskers = 10'000;

tl::unexpected<Error> rewritten(const std::string& environment) {
  return fail(Errc::unavailable, "the store has lost changes of " + environment +
                                     " that this server has served; a new epoch begins as soon as that is "
                                     "certain. Try again");
}

}  // namespace

Tail::Tail(ReadModel& model, ChangeFeed& feed, std::unique_ptr<storage::Reader> reader, observe::Log& log,
           observe::Metrics& metrics, const TailOptions& options)
    : model_(model),
      feed_(feed),
      log_(log),
      metrics_(metrics),
      options_(options),
      commits_(metrics.counter("togglecast_commits_total", "Committed changes.")),
      failures_(metrics.counter("togglecast_tail_failures_total",
                                "Tries to follow the change log that failed and are repeated.")),
      jitter_(std::random_device{}()),
      reader_(std::move(reader)) {}

Result<void> Tail::follow() {
  const std::scoped_lock reading(reading_);
  return follow_all();
}

void Tail::start() {
  {
    const std::scoped_lock lock(mutex_);
    started_ = true;
  }
  thread_ = std::thread([this] { run(); });
}

void Tail::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

ChangeFeed::Prepared Tail::prepare(domain::LogRow row, domain::SnapshotPtr before,
                                   domain::SnapshotPtr after) {
  auto impact = domain::impact_of(*before, *after, row.change);
  ChangeFeed::Prepared prepared(1);
  prepared.front().commit = std::make_shared<const Commit>(
      Commit{std::move(row), std::move(before), std::move(after), std::move(impact)});
  return prepared;
}

void Tail::offer(ChangeFeed::Prepared row) noexcept {
  const std::scoped_lock lock(mutex_);
  try {
    const domain::LogRow& offered = row.front().commit->row;
    const auto state = model_.current(offered.environment);
    if (state != nullptr && offered.head.revision <= state->revision()) return;  // the thread was quicker
    if (state != nullptr && domain::check_follows(state->head(), offered)) return move(std::move(row));
  } catch (...) {
    failures_.add();
  }
  wake();
}

Result<domain::SnapshotPtr> Tail::catch_up(const std::string& environment, const domain::Head& head,
                                           std::vector<domain::LogRow> rows) {
  if (model_.current(environment) == nullptr)
    return fail(Errc::not_found, "there is no environment '" + environment + "'");
  take_following(std::move(rows));
  auto state = model_.current(environment);
  if (state->head() == head) return state;
  const std::scoped_lock reading(reading_);
  auto read = head.epoch > state->head().epoch ? adopt(environment) : read_rows(environment);
  if (!read) return tl::unexpected(read.error());
  state = model_.current(environment);
  if (state->head() != head) return rewritten(environment);
  return state;
}

void Tail::notice() noexcept {
  const std::scoped_lock lock(mutex_);
  wake();
}

bool Tail::look_then(std::function<void(bool)> then) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_ || !started_ || askers_.size() >= kMostAskers) return false;
    askers_.push_back(std::move(then));
  }
  wake_.notify_all();
  return true;
}

bool Tail::reaches(const std::string& environment, domain::Revision revision, Milliseconds longest) const {
  const auto reached = [&] {
    const auto state = model_.current(environment);
    return state != nullptr && state->revision() >= revision;
  };
  std::unique_lock lock(mutex_);  // held while the subscribers are told, too
  return moved_.wait_for(lock, longest, reached);
}

Result<void> Tail::health() const {
  const std::scoped_lock lock(health_mutex_);
  if (last_failure_) return tl::unexpected(*last_failure_);
  return {};
}

void Tail::run() {
  using Steady = std::chrono::steady_clock;
  Milliseconds pause{0};
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool pausing = pause > pause.zero();
    const auto until = Steady::now() + (pausing ? pause : next_poll());
    const auto is_asked = [this] { return !askers_.empty() && Steady::now() >= next_asked_; };
    const auto has_work = [&] { return stopping_ || (noticed_ && !pausing) || is_asked(); };
    while (!has_work() && Steady::now() < until)
      wake_.wait_until(lock, askers_.empty() ? until : std::min(until, next_asked_));
    if (stopping_) break;
    std::vector<std::function<void(bool)>> asked;
    if (is_asked()) {
      asked.swap(askers_);
      next_asked_ = Steady::now() + options_.between_asked;
    }
    const bool noticed = std::exchange(noticed_, false) || pausing || !asked.empty();
    lock.unlock();
    const bool done = look(noticed);
    answer(asked, done);
    lock.lock();
    pause = done ? pause.zero() : std::clamp(pause * 2, options_.first_pause, options_.longest_pause);
  }
  std::vector<std::function<void(bool)>> left;
  left.swap(askers_);
  lock.unlock();
  answer(left, false);
}

void Tail::answer(const std::vector<std::function<void(bool)>>& asked, bool done) noexcept {
  for (const auto& then : asked) {
    try {
      then(done);
    } catch (...) {
      failures_.add();
    }
  }
}

bool Tail::look(bool noticed) noexcept {
  const bool told = feed_.tell();
  if (follower_ != nullptr) follower_->tick();
  try {
    const std::scoped_lock reading(reading_);
    if (!noticed) {
      const auto version = reader_->version();
      if (version && seen_version_ == *version) return told;
    }
    if (const auto followed = follow_all(); !followed) {
      failed(followed.error());
      return false;
    }
    worked();
    return told;
  } catch (const std::bad_alloc&) {
    failed({Errc::unavailable, "out of memory", {}});
  } catch (const std::exception& error) {
    failed({Errc::internal, error.what(), {}});
  }
  return false;
}

Result<void> Tail::follow_all() {
  const auto version = reader_->version();  // before the heads: a later commit changes it again
  if (!version) return tl::unexpected(version.error());
  const auto environments = reader_->environments();
  if (!environments) return tl::unexpected(environments.error());
  Result<void> outcome;
  for (const storage::Environment& environment : *environments) {
    auto followed = follow_one(environment);
    if (!followed && outcome) outcome = std::move(followed);  // the others go on
  }
  if (follower_ != nullptr) {
    auto followed = follower_->follow(*reader_);
    if (!followed && outcome) outcome = std::move(followed);
  }
  if (outcome) seen_version_ = *version;
  return outcome;
}

Result<void> Tail::follow_one(const storage::Environment& environment) {
  const auto state = model_.current(environment.key);
  if (state == nullptr) return add(environment.key);
  if (state->head() == environment.head) return {};
  if (environment.head.epoch > state->head().epoch) return adopt(environment.key);
  if (environment.head.revision > state->revision()) return read_rows(environment.key);
  // The committer may have moved on since the head was read. Its state of that revision must be the same.
  const auto then = model_.at(environment.key, environment.head.revision);
  if (then != nullptr && then->head() != environment.head) return rewritten(environment.key);
  return {};
}

Result<void> Tail::read_rows(const std::string& environment) {
  for (;;) {
    auto rows = reader_->rows_after(environment, model_.current(environment)->revision(), kRowsAtOnce);
    if (!rows && rows.error().code == Errc::not_found) return jump(environment);
    if (!rows) return tl::unexpected(rows.error());
    const auto epoch = model_.current(environment)->head().epoch;
    for (domain::LogRow& row : *rows)
      if (auto taken = take(std::move(row)); !taken) return taken;
    if (model_.current(environment)->head().epoch != epoch) continue;
    if (rows->size() < kRowsAtOnce) return {};
  }
}

Result<void> Tail::add(const std::string& environment) {
  auto ring = load_ring(environment);
  if (!ring) return tl::unexpected(ring.error());
  const domain::SnapshotPtr state = ring->current();
  ChangeFeed::Prepared event(1);
  event.front().first = state;
  observe::Gauge& revision =
      metrics_.gauge("togglecast_revision", "Newest revision.", {{"environment", environment}});
  const std::scoped_lock lock(mutex_);
  revisions_[environment] = &revision;
  model_.add(std::move(*ring));
  revision.set(state->revision());
  if (!feed_.publish(std::move(event))) wake();
  moved_.notify_all();
  return {};
}

Result<void> Tail::adopt(const std::string& environment) {
  auto ring = load_ring(environment);
  if (!ring) return tl::unexpected(ring.error());
  const domain::SnapshotPtr first = ring->current();
  ChangeFeed::Prepared event(1);
  event.front().first = first;
  const std::scoped_lock lock(mutex_);
  const auto state = model_.current(environment);
  if (first->head().epoch <= state->head().epoch) return {};
  log_.warn("the history of this environment has a new epoch; connections get the whole state",
            {{"environment", environment},
             {"from", std::to_string(state->head().epoch) + '.' + std::to_string(state->revision())},
             {"to", std::to_string(first->head().epoch) + '.' + std::to_string(first->revision())}});
  model_.add(std::move(*ring));
  if (const auto gauge = revisions_.find(environment); gauge != revisions_.end())
    gauge->second->set(first->revision());
  if (!feed_.publish(std::move(event))) wake();
  moved_.notify_all();
  return {};
}

// The state before the row that is told is not the state that the subscribers have, so they compare their own
// with the new one (feed.hpp).
Result<void> Tail::jump(const std::string& environment) {
  auto ring = load_ring(environment);
  if (!ring) return tl::unexpected(ring.error());
  const domain::SnapshotPtr after = ring->current();
  if (after->head().epoch > model_.current(environment)->head().epoch) return adopt(environment);
  auto newest = reader_->rows_before(environment, after->revision() + 1, 1);
  if (!newest) return tl::unexpected(newest.error());
  if (newest->empty() || newest->front().head.revision != after->revision())
    return fail(Errc::unavailable, "the change log of " + environment + " is shorter than its state");
  const auto previous = ring->at(after->revision() - 1);
  auto event = prepare(std::move(newest->front()), previous != nullptr ? previous : after, after);
  const std::scoped_lock lock(mutex_);
  const auto state = model_.current(environment);
  if (after->revision() <= state->revision()) return {};  // the committer was quicker
  log_.info("the next changes are no longer kept; the whole state was taken instead",
            {{"environment", environment},
             {"from", std::to_string(state->revision())},
             {"to", std::to_string(after->revision())}});
  model_.add(std::move(*ring));
  commits_.add();
  if (const auto gauge = revisions_.find(environment); gauge != revisions_.end())
    gauge->second->set(after->revision());
  if (!feed_.publish(std::move(event))) wake();
  moved_.notify_all();
  return {};
}

// Row by row backwards, as far as the ring may reach: the rows that are read at once are few.
Result<Ring> Tail::load_ring(const std::string& environment) {
  constexpr std::size_t kUndoneAtOnce = 32;
  auto loaded = storage::load(*reader_, environment, std::min(kUndoneAtOnce, model_.limits().snapshots));
  if (!loaded) return tl::unexpected(loaded.error());
  Ring ring(loaded->snapshot);
  storage::OlderRows older{loaded->before, std::move(loaded->recent)};
  while (!older.rows.empty()) {
    for (std::size_t i = older.rows.size(); i > 0; --i) {
      if (!model_.has_room(ring)) return ring;
      const domain::Head& before = i > 1 ? older.rows[i - 2].head : older.before;
      if (auto undone = ring.undo(older.rows[i - 1], before); !undone) return tl::unexpected(undone.error());
    }
    auto next = storage::load_older(*reader_, environment, older.before, kUndoneAtOnce);
    if (!next) return tl::unexpected(next.error());
    older = std::move(*next);
  }
  return ring;
}

Result<void> Tail::take(domain::LogRow row) {
  const auto state = model_.current(row.environment);
  if (row.head.epoch > state->head().epoch) return adopt(row.environment);
  if (row.head.revision <= state->revision()) return {};  // the committer was quicker
  if (auto ok = domain::check_follows(state->head(), row); !ok) return ok;
  auto after = domain::apply(*state, row.change, row.head);
  if (!after) return tl::unexpected(after.error());
  auto prepared = prepare(std::move(row), state, std::move(*after));
  const std::scoped_lock lock(mutex_);
  if (model_.current(state->environment()) == state) move(std::move(prepared));
  return {};
}

void Tail::take_following(std::vector<domain::LogRow> rows) {
  for (domain::LogRow& row : rows) {
    const auto state = model_.current(row.environment);
    if (row.head.epoch != state->head().epoch) return;
    if (row.head.revision <= state->revision()) continue;
    if (!domain::check_follows(state->head(), row) || !take(std::move(row))) return;  // a look finds out why
  }
}

void Tail::move(ChangeFeed::Prepared row) {
  const domain::SnapshotPtr after = row.front().commit->after;
  model_.advance(after);
  pass(FailPoint::after_read_model);
  commits_.add();
  if (const auto gauge = revisions_.find(after->environment()); gauge != revisions_.end())
    gauge->second->set(after->revision());
  if (!feed_.publish(std::move(row))) wake();
  moved_.notify_all();
}

void Tail::wake() noexcept {
  noticed_ = true;
  wake_.notify_all();
}

Milliseconds Tail::next_poll() {
  const auto tenth = options_.poll.count() / 10;
  return options_.poll - Milliseconds(std::uniform_int_distribution<Milliseconds::rep>(0, tenth)(jitter_));
}

void Tail::failed(const Error& error) noexcept {
  failures_.add();
  try {
    const std::scoped_lock lock(health_mutex_);
    if (last_failure_ && last_failure_->message == error.message) return;
    last_failure_ = error;
    log_.error("the change log cannot be followed; trying again",
               {{"code", to_string(error.code)}, {"reason", error.message}});
  } catch (...) {
    return;  // no memory for the message: the next try reports it
  }
}

void Tail::worked() {
  {
    const std::scoped_lock lock(health_mutex_);
    if (!last_failure_) return;
    last_failure_.reset();
  }
  log_.info("the change log is followed again");
}

}  // namespace togglecast::changes
