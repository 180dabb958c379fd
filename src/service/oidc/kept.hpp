// A document of another server that is fetched when it is needed, and kept. While a fetch is under way, all
// who ask wait for it. After a failure the old document serves on, for as long as it may. Thread rule: any
// thread; no lock is held while `done` or `read` run.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace togglecast::service::oidc {

struct KeptTimes {
  Milliseconds fresh{3'600'000};    ///< then it is fetched again by the one who needs it
  Milliseconds usable{86'400'000};  ///< so long it serves while the fetch fails
  Milliseconds pause{2'000};        ///< after a failure, nothing is fetched for so long
};

template <typename T>
class Kept : public std::enable_shared_from_this<Kept<T>> {
 public:
  using Value = std::shared_ptr<const T>;
  using Done = std::function<void(Result<Value> value)>;
  using Read = std::function<void(std::function<void(Result<T> read)> done)>;

  /// `read` fetches it. `clock` must outlive it.
  Kept(Read read, const Clock& clock, const KeptTimes& times = {})
      : read_(std::move(read)), clock_(clock), times_(times) {}

  void get(Done done) { get_younger_than(times_.fresh, std::move(done)); }
  /// A copy that is no older than `age`, unless the fetch fails.
  void get_younger_than(Milliseconds age, Done done) {
    std::unique_lock lock(mutex_);
    const TimePoint now = clock_.now();
    const bool young = value_ != nullptr && now - fetched_at_ < age;
    const bool pausing = !reading_ && failed_at_ && now - *failed_at_ < times_.pause;
    if (young || pausing) {
      const Result<Value> answer = best(now);
      lock.unlock();
      return done(answer);
    }
    waiting_.push_back(std::move(done));
    if (std::exchange(reading_, true)) return;
    lock.unlock();
    read_([self = this->shared_from_this()](Result<T> read) { self->settle(std::move(read)); });
  }
  /// Without any fetch; null if there is none.
  [[nodiscard]] Value known() const {
    const std::scoped_lock lock(mutex_);
    return value_;
  }
  /// Why the last fetch failed; nothing if it did not.
  [[nodiscard]] std::optional<Error> failure() const {
    const std::scoped_lock lock(mutex_);
    return failed_at_ ? std::optional(failure_) : std::nullopt;
  }

 private:
  void settle(Result<T> read) {
    std::unique_lock lock(mutex_);
    const TimePoint now = clock_.now();
    reading_ = false;
    if (read) {
      value_ = std::make_shared<const T>(*std::move(read));
      fetched_at_ = now;
      failed_at_.reset();
    } else {
      failure_ = read.error();
      failed_at_ = now;
    }
    const Result<Value> answer = best(now);
    const std::vector<Done> waiting = std::exchange(waiting_, {});
    lock.unlock();
    for (const Done& done : waiting) done(answer);
  }
  [[nodiscard]] Result<Value> best(TimePoint now) const {
    if (value_ != nullptr && now - fetched_at_ < times_.usable) return value_;
    return tl::unexpected(failure_);
  }

  const Read read_;
  const Clock& clock_;
  const KeptTimes times_;
  mutable std::mutex mutex_;
  Value value_;
  TimePoint fetched_at_{};
  std::optional<TimePoint> failed_at_;
  Error failure_{};
  bool reading_ = false;
  std::vector<Done> waiting_;
};

}  // namespace togglecast::service::oidc
