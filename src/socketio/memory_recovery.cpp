#include <algorithm>
#include <charconv>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>

#include "socketio/recovery.hpp"

namespace togglecast::socketio {
namespace {

// An offset is the event's number in base 36: unique in the namespace, and ordered as the log is.
std::string to_offset(std::uint64_t number) {
  char text[16];
  const auto end = std::to_chars(text, text + sizeof text, number, 36).ptr;
  return {text, end};
}

std::optional<std::uint64_t> to_number(std::string_view offset) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(offset.data(), offset.data() + offset.size(), number, 36);
  if (error != std::errc{} || end != offset.data() + offset.size() || to_offset(number) != offset)
    return std::nullopt;
  return number;
}

bool any_of_them(const std::vector<std::string>& wanted, const std::vector<std::string>& rooms) {
  return std::any_of(wanted.begin(), wanted.end(), [&rooms](const std::string& room) {
    return std::find(rooms.begin(), rooms.end(), room) != rooms.end();
  });
}

class MemoryRecovery final : public Recovery {
 public:
  explicit MemoryRecovery(MemoryRecoveryOptions options) : options_(options) {}

  std::string new_pid() override { return random_token(random_, 15); }

  std::string record(const Arguments& event, const BroadcastOptions& options, TimePoint now) override {
    forget_old(now);
    Logged entry{event, options.rooms, options.except, now};
    std::string offset = to_offset(first_ + log_.size());
    entry.event.values.emplace_back(offset);
    log_.push_back(std::move(entry));
    if (log_.size() > options_.max_events) drop_first();
    return offset;
  }

  void save(RecoverableSession session, TimePoint now) override {
    forget_old(now);
    while (sessions_.size() >= options_.max_sessions && !order_.empty()) drop_oldest_session();
    order_.emplace_back(session.pid, now);
    std::string pid = session.pid;
    sessions_.insert_or_assign(std::move(pid), Saved{std::move(session), now});
  }

  std::optional<RecoveredSession> take(std::string_view pid, std::string_view offset,
                                       TimePoint now) override {
    forget_old(now);
    const auto found = sessions_.find(std::string(pid));
    const auto number = to_number(offset);
    if (found == sessions_.end() || !number || *number < first_ || *number >= first_ + log_.size())
      return std::nullopt;
    RecoveredSession recovered{std::move(found->second.session), {}};
    sessions_.erase(found);
    for (std::size_t i = *number - first_ + 1; i < log_.size(); ++i) {
      const Logged& entry = log_[i];
      const bool addressed = entry.rooms.empty() || any_of_them(entry.rooms, recovered.session.rooms);
      if (addressed && !any_of_them(entry.except, recovered.session.rooms))
        recovered.missed.push_back(entry.event);
    }
    return recovered;
  }

 private:
  struct Logged {
    Arguments event;
    std::vector<std::string> rooms;
    std::vector<std::string> except;
    TimePoint at;
  };

  struct Saved {
    RecoverableSession session;
    TimePoint at;
  };

  void drop_first() {
    log_.pop_front();
    ++first_;
  }

  void forget_old(TimePoint now) {
    const TimePoint oldest = now - options_.max_disconnection;
    while (!log_.empty() && log_.front().at < oldest) drop_first();
    while (!order_.empty() && order_.front().second < oldest) drop_oldest_session();
  }

  // A session that was taken and lost again has two entries in the order; only its own time ends it.
  void drop_oldest_session() {
    if (order_.empty()) return;
    const auto found = sessions_.find(order_.front().first);
    if (found != sessions_.end() && found->second.at == order_.front().second) sessions_.erase(found);
    order_.pop_front();
  }

  MemoryRecoveryOptions options_;
  SystemRandom random_;
  std::deque<Logged> log_;
  std::uint64_t first_ = 1;  // number of log_.front()
  std::unordered_map<std::string, Saved> sessions_;
  std::deque<std::pair<std::string, TimePoint>> order_;  // pids by the time of their disconnection
};

}  // namespace

std::unique_ptr<Recovery> memory_recovery(MemoryRecoveryOptions options) {
  return std::make_unique<MemoryRecovery>(options);
}

}  // namespace togglecast::socketio
