#include "changes/store_watch.hpp"

#include <exception>
#include <utility>

namespace togglecast::changes {

tl::unexpected<Error> told(const Error& error) {
  if (error.code == Errc::internal)
    return fail(Errc::internal, "the change could not be made; the log says why");
  return tl::unexpected(error);
}

StoreWatch::StoreWatch(storage::Store& store, std::function<Result<void>()> try_out, observe::Log& log,
                       observe::Metrics& metrics, const StoreWatchOptions& options)
    : store_(store),
      try_out_(std::move(try_out)),
      log_(log),
      options_(options),
      failures_(metrics.counter("togglecast_store_failures_total", "Writes that the store could not take.")),
      due_(Steady::now() + options.look) {}

tl::unexpected<Error> StoreWatch::failed(const Error& error) {
  failures_.add();
  {
    const std::scoped_lock lock(mutex_);
    const bool known = last_failure_ && last_failure_->message == error.message;
    if (!last_failure_) due_ = Steady::now() + options_.retry;
    last_failure_ = error;
    if (known) return told(error);  // a line for each write would flood the log
  }
  log_.error("the store failed", {{"code", to_string(error.code)}, {"reason", error.message}});
  return told(error);
}

void StoreWatch::worked() {
  {
    const std::scoped_lock lock(mutex_);
    if (!last_failure_) return;
    last_failure_.reset();
    due_ = Steady::now() + options_.look;
  }
  log_.info("the store works again");
}

void StoreWatch::look_if_due() noexcept {
  if (Steady::now() < due_) return;
  due_ = Steady::now() + options_.retry;
  try {
    const auto before = health();
    if (before) due_ = Steady::now() + options_.look;
    const auto now = look(before.has_value());
    if (now) {
      worked();
    } else if (before || before.error().message != now.error().message) {
      failed(now.error());
    }
  } catch (...) {
    return;  // no memory even for the message: the next look reports it
  }
}

Result<void> StoreWatch::look(bool healthy) {
  try {
    if (healthy) return store_.health().check();
    if (auto tried = try_out_(); !tried) return tried;
    return store_.health().probe_write();
  } catch (const std::exception& error) {
    return fail(Errc::internal, error.what());
  }
}

Result<void> StoreWatch::health() const {
  const std::scoped_lock lock(mutex_);
  if (last_failure_) return tl::unexpected(*last_failure_);
  return {};
}

}  // namespace togglecast::changes
