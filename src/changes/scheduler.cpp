#include "changes/scheduler.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "changes/timed_changes.hpp"

namespace togglecast::changes {
namespace {

constexpr Milliseconds kLongestSleep = std::chrono::minutes{1};
constexpr Milliseconds kShortestPause{1'000};
constexpr Milliseconds kPauseWithoutStore{5'000};  // at most: what is due waits only until the store is back
constexpr Milliseconds kClockMayLag = std::chrono::minutes{1};

UnixMillis after(UnixMillis time, Milliseconds span) { return {time.value + span.count()}; }

UnixMillis newest(const ReadModel& model) {
  UnixMillis newest{};
  for (const std::string& environment : model.environments())
    newest = std::max(newest, model.current(environment)->as_of());
  return newest;
}

// The clock was ahead when a change was written, and somebody has set it right since.
bool is_behind(const ReadModel& model, UnixMillis now) { return newest(model) > after(now, kClockMayLag); }

void tell_of_clock(observe::Log& log, const ReadModel& model, UnixMillis now) {
  const UnixMillis last = newest(model);
  if (!is_behind(model, now)) return log.info("the clock has caught up with the newest change");
  log.warn(
      "the clock is behind the newest change: until it has caught up, changes get the time of that change, "
      "and "
      "an expiry must be later than it",
      {{"clock", to_iso8601(now)}, {"newest_change", to_iso8601(last)}});
}

}  // namespace

Result<void> Scheduler::catch_up() {
  const UnixMillis now = clock_.wall_now();
  for (const std::string& environment : model_.environments()) {
    const auto state = model_.current(environment);
    const bool drifted = may_drift(*state) && has_drifted(*state, now);
    if (!drifted && !is_due(*state, now)) continue;
    const auto drift = drifted ? std::optional(state->revision()) : std::nullopt;
    if (const auto done = committer_.perform(timed_change(environment, drift)); !done)
      return tl::unexpected(done.error());
  }
  return {};
}

void Scheduler::start() {
  subscription_ =
      feed_.subscribe([this](const CommitPtr&) { look(); }, [this](const domain::SnapshotPtr&) { look(); });
  thread_ = std::thread([this] { run(); });
}

void Scheduler::stop() {
  subscription_.reset();
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Scheduler::look() {
  {
    const std::scoped_lock lock(mutex_);
    look_ = true;
  }
  wake_.notify_all();
}

void Scheduler::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    look_ = false;
    Milliseconds sleep = kShortestPause;
    try {
      sleep = look_at_all(lock);
    } catch (const std::exception&) {  // out of memory: the next look is soon
      if (!lock.owns_lock()) lock.lock();
    }
    wake_.wait_for(lock, sleep, [this] { return stopping_ || look_; });
  }
}

Milliseconds Scheduler::look_at_all(std::unique_lock<std::mutex>& lock) {
  const UnixMillis now = clock_.wall_now();
  if (const bool behind = is_behind(model_, now); behind != std::exchange(was_behind_, behind))
    tell_of_clock(log_, model_, now);
  UnixMillis next = after(now, kLongestSleep);
  for (const std::string& environment : model_.environments())
    next = std::min(next, attend(lock, environment));
  const Milliseconds sleep(std::max<std::int64_t>(0, next.value - clock_.wall_now().value));
  return std::min(sleep, kLongestSleep);
}

UnixMillis Scheduler::attend(std::unique_lock<std::mutex>& lock, const std::string& environment) {
  Watch& watch = watches_[environment];
  const UnixMillis now = clock_.wall_now();
  const UnixMillis latest = after(now, kLongestSleep);
  if (watch.writing) return latest;       // its end wakes us
  if (!upkeep_.is_mine()) return latest;  // the lease wakes us
  if (const auto pause = watch.not_before - clock_.now(); pause > pause.zero())
    return std::min(latest, after(now, std::chrono::ceil<Milliseconds>(pause)));
  const auto state = model_.current(environment);
  const auto turn = next_time_boundary(*state);
  if (turn && *turn <= now) {
    write(lock, environment, std::nullopt);
    return latest;
  }
  UnixMillis next = turn ? std::min(latest, *turn) : latest;
  if (!may_drift(*state)) return next;
  if (now < watch.looked_for_drift) watch.looked_for_drift = {};  // the clock was set back
  const UnixMillis drift = after(std::max(state->as_of(), watch.looked_for_drift), kDriftInterval);
  if (now < drift) return std::min(next, drift);
  watch.looked_for_drift = now;
  lock.unlock();
  const bool drifted = has_drifted(*state, now);
  lock.lock();
  if (drifted) write(lock, environment, state->revision());
  return std::min(next, after(now, kDriftInterval));
}

// The committer may answer within `submit`, so the lock is not held meanwhile.
void Scheduler::write(std::unique_lock<std::mutex>& lock, const std::string& environment,
                      std::optional<domain::Revision> drifted) {
  const auto fence = upkeep_.fence();
  if (!fence) return;
  watches_[environment].writing = true;
  lock.unlock();
  try {
    WriteRequest request = timed_change(environment, drifted);
    request.fence = fence;
    committer_.submit(std::move(request),
                      [this, environment](const Result<Written>& done) { written(environment, done); });
  } catch (const std::exception& error) {
    written(environment, fail(Errc::unavailable, error.what()));
  }
  lock.lock();
}

void Scheduler::written(const std::string& environment, const Result<Written>& written) {
  bool first = false;
  {
    const std::scoped_lock lock(mutex_);
    Watch& watch = watches_[environment];
    watch.writing = false;
    first = watch.pause == Milliseconds{0};
    if (written) {
      watch.pause = Milliseconds{0};
      watch.not_before = {};
    } else {
      const bool away = written.error().code == Errc::unavailable;
      watch.pause = std::clamp(watch.pause * 2, kShortestPause, away ? kPauseWithoutStore : kLongestSleep);
      watch.not_before = clock_.now() + watch.pause;
    }
    look_ = true;
  }
  wake_.notify_all();
  if (!written && first && upkeep_.is_mine())
    log_.warn("a change that is due could not be written; trying again",
              {{"environment", environment}, {"reason", written.error().message}});
}

}  // namespace togglecast::changes
