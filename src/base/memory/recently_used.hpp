// What was worked out for a text, kept for the next time the same text comes. Those that nobody asked for in
// a while make room: when the recent ones fill half of it, they become the older ones, and what was older
// goes. So texts that come once do not push out those that come again and again. Thread rule: any thread; the
// lock is held for a look-up.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace togglecast {

template <typename Value>
class RecentlyUsed {
 public:
  /// Keeps at most so many.
  explicit RecentlyUsed(std::size_t most) : most_(most) {}

  [[nodiscard]] std::optional<Value> find(std::string_view text) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = recent_.find(text); found != recent_.end()) return found->second;
    const auto found = older_.find(text);
    if (found == older_.end()) return std::nullopt;
    Value value = std::move(found->second);
    older_.erase(found);
    put(text, value);
    return value;
  }
  void keep(std::string_view text, const Value& value) {
    const std::scoped_lock lock(mutex_);
    put(text, value);
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  using Kept = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

  void put(std::string_view text, const Value& value) {
    recent_.insert_or_assign(std::string(text), value);
    if (recent_.size() > most_ / 2) older_ = std::exchange(recent_, {});
  }

  std::size_t most_;
  std::mutex mutex_;
  Kept recent_, older_;
};

}  // namespace togglecast
