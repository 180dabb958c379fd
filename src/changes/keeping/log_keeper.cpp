#include "changes/keeping/log_keeper.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace togglecast::changes {
namespace {

constexpr Milliseconds kLongestWait = std::chrono::minutes{1};
// As many as a start checks before it serves. A log of no more rows needs no line that says so.
constexpr std::int64_t kWorthALine = 1'024;
// Of the check, before the other logs and the marker have their turn: about 100,000 rows.
constexpr int kPartsAtOnce = 200;

}  // namespace

LogKeeper::LogKeeper(std::unique_ptr<storage::Reader> reader, LogKeeperPorts ports, const Clock& clock,
                     observe::Log& log, observe::Metrics& metrics, const LogKeeperOptions& options)
    : reader_(std::move(reader)),
      ports_(std::move(ports)),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      options_(options) {}

void LogKeeper::start() {
  thread_ = std::thread([this] { run(); });
}

void LogKeeper::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  try {
    const auto environments = reader_->environments();
    for (const auto& one : environments.value_or(std::vector<storage::Environment>{})) {
      const auto kept = reader_->kept_log(one.key, clock_.wall_now());
      if (kept) std::ignore = mark(one.key, *kept);
    }
    write_marker(true);
  } catch (const std::exception&) {
    return;  // no memory: the marker is as it was
  }
}

Result<void> LogKeeper::health() const {
  const std::scoped_lock lock(mutex_);
  if (lost_) return tl::unexpected(*lost_);
  return {};
}

void LogKeeper::run() {
  constexpr std::int64_t kNothing = -1;
  std::int64_t seen = kNothing;
  TimePoint looked = clock_.now();
  do {
    try {
      const auto version = reader_->version();
      const bool idle = !checking_ && !shrinking_ && regressed_.empty() && version && *version == seen;
      if (idle && clock_.now() < looked + kLongestWait) {
        write_marker(false);
        continue;
      }
      looked = clock_.now();
      look();
      seen = version ? *version : kNothing;
    } catch (const std::exception&) {
      seen = kNothing;  // no memory: the next look is soon
    }
  } while (rest(options_.look));
}

bool LogKeeper::rest(Milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stopping_; });
}

void LogKeeper::look() {
  const auto looked = look_at_all();
  const std::string failure = looked ? std::string() : looked.error().message;
  if (!failure.empty() && failure != last_failure_)
    log_.error("the change log could not be looked at; trying again", {{"reason", failure}});
  last_failure_ = failure;
  write_marker(false);
}

Result<std::vector<Regression>> LogKeeper::compare_with_marker() {
  std::vector<Regression> regressions;
  if (options_.marker.empty()) return regressions;
  auto marks = read_marks(options_.marker);
  if (!marks) {
    log_.warn(
        "the marker of this node cannot be used, and a new one begins: if the store has lost changes, nobody "
        "notices",
        {{"file", options_.marker}, {"reason", marks.error().message}});
    return regressions;
  }
  for (auto& [environment, mark] : *marks) {
    auto regression = find_regression(*reader_, environment, mark);
    if (!regression) return tl::unexpected(regression.error());
    if (!*regression) {
      marks_.insert_or_assign(environment, std::move(mark));
      continue;
    }
    tell_lost(**regression);
    regressions.push_back(*std::move(*regression));
  }
  return regressions;
}

Result<void> LogKeeper::mark(const std::string& environment, const storage::KeptLog& kept) {
  const domain::Head& newest = kept.newest;
  const auto whole = has_all(environment);
  if (!whole) return tl::unexpected(whole.error());
  if (!*whole) return {};
  const auto found = marks_.find(environment);
  if (found != marks_.end() && found->second.head == newest) return {};
  Mark& mark = marks_[environment];
  const auto rows = static_cast<domain::Revision>(kMarkedRows);
  // Another node may have removed what comes after the mark.
  const bool follows = mark.head.revision >= std::max(newest.revision - rows, kept.before.revision);
  auto next = follows && found != marks_.end()
                  ? reader_->rows_after(environment, mark.head.revision, kMarkedRows)
                  : reader_->rows_before(environment, newest.revision + 1, kMarkedRows);
  if (!next) return tl::unexpected(next.error());
  if (!follows || found == marks_.end()) {
    std::reverse(next->begin(), next->end());
    mark.rows.clear();
  }
  for (const domain::LogRow& row : *next) mark.add(row);
  if (mark.head.revision <= newest.revision) mark.head = newest;
  marks_changed_ = true;
  return {};
}

Result<bool> LogKeeper::has_all(const std::string& environment) {
  Mark known;
  known.head.epoch = 0;
  if (const auto marked = marks_.find(environment); marked != marks_.end()) known = marked->second;
  // Before the store is read: a commit in between is in the store then.
  const auto served = ports_.served ? ports_.served(environment) : std::nullopt;
  const auto place = [](const domain::Head& head) { return std::pair(head.epoch, head.revision); };
  if (served && place(*served) > place(known.head)) known.head = *served;
  if (known.head.epoch == 0) return true;
  const auto regression = find_regression(*reader_, environment, known);
  if (!regression) return tl::unexpected(regression.error());
  if (!*regression) {
    if (regressed_.contains(environment)) tell_found_again(environment);
    return true;
  }
  const bool is_news = regressed_.emplace(environment, known.head).second;
  if (is_news) {
    tell_lost(**regression);
    const std::scoped_lock lock(mutex_);
    lost_ = Error{Errc::unavailable,
                  "the store has lost changes of " + environment +
                      " that this server has served; a new epoch begins, and the log says more",
                  {}};
  }
  // Asked again, also when another node has begun it: this server may not have taken it yet.
  if ((*regression)->found.epoch != 0 && ports_.begin_epoch) ports_.begin_epoch(environment, known.head);
  return false;
}

void LogKeeper::tell_found_again(const std::string& environment) {
  regressed_.erase(environment);
  marks_.erase(environment);
  watches_.erase(environment);  // what was checked of its chain may be gone
  log_.info("the server serves what the store has again", {{"environment", environment}});
  if (!regressed_.empty()) return;
  const std::scoped_lock lock(mutex_);
  lost_.reset();
}

void LogKeeper::write_marker(bool now) {
  if (options_.marker.empty() || !marks_changed_) return;
  if (!now && marked_at_ && clock_.now() < *marked_at_ + options_.mark) return;
  marked_at_ = clock_.now();
  const auto written = write_marks(options_.marker, marks_);
  marks_changed_ = !written;
  if (!written && !std::exchange(marker_failed_, true))
    log_.warn("the marker of this node could not be written; trying again",
              {{"reason", written.error().message}});
  if (written) marker_failed_ = false;
}

void LogKeeper::tell_lost(const Regression& regression) {
  const auto kept = options_.marker.empty()
                        ? Result<std::string>(std::string())
                        : keep_lost_rows(options_.marker.substr(0, options_.marker.rfind('/')), regression);
  const auto named = [](const domain::Head& head) {
    return std::to_string(head.epoch) + '.' + std::to_string(head.revision);
  };
  const auto first_lost = regression.common + 1;
  const bool any_lost = first_lost <= regression.served.revision;
  log_.error(
      "CHANGES WERE LOST: the store does not have all that this node has served. Was an older backup put in "
      "its place?",
      {{"environment", regression.environment},
       {"served", named(regression.served)},
       {"served_at", to_iso8601(regression.served.as_of)},
       {"found", named(regression.found)},
       {"lost", any_lost ? "revisions " + std::to_string(first_lost) + " to " +
                               std::to_string(regression.served.revision)
                         : "an epoch"},
       {"kept", !kept           ? kept.error().message
                : kept->empty() ? "none of their texts"
                                : std::to_string(regression.rows.size()) + " of their texts, in " + *kept}});
}

Result<void> LogKeeper::look_at_all() {
  const auto environments = reader_->environments();
  if (!environments) return tl::unexpected(environments.error());
  Result<void> outcome;
  checking_ = shrinking_ = false;
  for (const storage::Environment& environment : *environments) {
    auto looked = look_at(environment.key);
    if (!looked && outcome) outcome = std::move(looked);  // the others go on
  }
  return outcome;
}

Result<void> LogKeeper::look_at(const std::string& environment) {
  const auto kept = reader_->kept_log(environment, clock_.wall_now());
  if (!kept) return tl::unexpected(kept.error());
  if (auto marked = mark(environment, *kept); !marked) return marked;
  Watch& watch = watch_of(environment, *kept);
  watch.rows->set(kept->rows());
  watch.bytes->set(kept->bytes);
  watch.oldest->set(kept->oldest());
  watch.oldest_at->set(kept->oldest_at.value / 1'000);
  const auto assets = reader_->asset_usage(environment);
  if (!assets) return tl::unexpected(assets.error());
  watch.assets->set(assets->assets);
  watch.asset_bytes->set(assets->bytes);
  if (auto checked = check_chain(environment, watch); !checked) return checked;
  return watch.broken ? Result<void>{} : retain(environment, watch, *kept);
}

LogKeeper::Watch& LogKeeper::watch_of(const std::string& environment, const storage::KeptLog& kept) {
  const auto [place, is_new] = watches_.try_emplace(environment);
  Watch& watch = place->second;
  if (!is_new) return watch;
  const observe::Metrics::Labels labels{{"environment", environment}};
  watch.rows = &metrics_.gauge("togglecast_log_rows", "Changes that are kept in the log.", labels);
  watch.bytes =
      &metrics_.gauge("togglecast_log_bytes", "Text of the changes that are kept in the log.", labels);
  watch.oldest = &metrics_.gauge("togglecast_log_oldest_revision", "Oldest change that is kept.", labels);
  watch.oldest_at = &metrics_.gauge("togglecast_log_oldest_timestamp_seconds",
                                    "When the oldest kept change was made, in seconds since 1970.", labels);
  watch.chain_broken = &metrics_.gauge("togglecast_log_chain_broken",
                                       "1 when kept changes do not follow on one another, else 0.", labels);
  watch.assets = &metrics_.gauge(
      "togglecast_assets", "Assets that are kept, those that only changes of the log name included.", labels);
  watch.asset_bytes = &metrics_.gauge(
      "togglecast_asset_bytes", "Bytes of the assets that are kept, as --asset-storage counts them.", labels);
  watch.check_began = clock_.now();
  watch.age_counts_from = std::min(clock_.wall_now(), kept.newest.as_of);
  watch.checked = kept.before;
  watch.check_until = kept.newest.revision;
  return watch;
}

Result<void> LogKeeper::check_chain(const std::string& environment, Watch& watch) {
  if (watch.broken || watch.checked->revision >= watch.check_until) return {};
  for (int parts = 0;; ++parts) {
    if (parts == kPartsAtOnce) {
      checking_ = true;
      return {};
    }
    const auto more = check_some(environment, watch);
    if (!more && more.error().code != Errc::internal) return tl::unexpected(more.error());
    if (!more) tell_broken(environment, watch, more.error());
    if (!more || !*more) break;
    if (!rest(options_.pause)) return {};
  }
  if (watch.broken || watch.checked_rows <= kWorthALine) return {};
  const auto took = std::chrono::duration_cast<Milliseconds>(clock_.now() - watch.check_began).count();
  log_.info("the chain of all kept changes is whole",
            {{"environment", environment}, {"changes", watch.checked_rows}, {"milliseconds", took}});
  return {};
}

Result<bool> LogKeeper::check_some(const std::string& environment, Watch& watch) {
  const auto reached = reader_->follow_chain(environment, *watch.checked, options_.rows_at_once);
  const bool stuck = !reached || reached->revision == watch.checked->revision;
  if (stuck) {  // another process may have removed these rows meanwhile
    const auto kept = reader_->kept_log(environment, clock_.wall_now());
    if (!kept) return tl::unexpected(kept.error());
    if (kept->before.revision > watch.checked->revision) {
      watch.checked = kept->before;
      return watch.checked->revision < watch.check_until;
    }
    if (!reached) return tl::unexpected(reached.error());
    return fail(Errc::internal, "the change log ends at revision " + std::to_string(reached->revision) +
                                    " of " + environment);
  }
  watch.checked_rows += reached->revision - watch.checked->revision;
  watch.checked = *reached;
  return reached->revision < watch.check_until;
}

void LogKeeper::tell_broken(const std::string& environment, Watch& watch, const Error& error) {
  watch.broken = true;
  watch.chain_broken->set(1);
  log_.error(
      "THE CHANGE LOG WAS DAMAGED OR ALTERED: older changes do not follow on one another. The present state "
      "is "
      "checked and served; do not trust the history before the named revision",
      {{"environment", environment},
       {"reason", error.message},
       {"hint",
        "keep this data folder, and compare its log with a backup; no old change is removed from it"}});
}

Result<void> LogKeeper::retain(const std::string& environment, Watch& watch, const storage::KeptLog& kept) {
  RetentionNeeds needs;
  needs.ring = ports_.oldest_recent_state(environment);
  needs.checked =
      watch.checked->revision >= watch.check_until ? kept.newest.revision : watch.checked->revision;
  if (const auto age = options_.retention.age; age.count() > 0) {
    // A wall clock that is set far ahead makes nothing old: age is counted from the newest change on.
    const auto passed = std::chrono::duration_cast<Milliseconds>(clock_.now() - watch.check_began);
    const UnixMillis now{std::min(clock_.wall_now().value, watch.age_counts_from.value + passed.count())};
    const UnixMillis limit{now.value - std::chrono::milliseconds(age).count()};
    if (limit >= kept.oldest_at) {
      const auto too_old = reader_->revision_at(environment, limit);
      if (!too_old) return tl::unexpected(too_old.error());
      needs.too_old = *too_old;
    }
  }
  const auto until = prunable(kept, options_.retention, needs);
  if (until <= kept.before.revision) return {};
  ports_.prune(environment, until);
  // So that the metrics tell what was removed. Where nothing is, another node has the lease.
  const std::pair asked(kept.before.revision, until);
  shrinking_ = std::exchange(watch.asked, asked) != asked || shrinking_;
  return {};
}

}  // namespace togglecast::changes
