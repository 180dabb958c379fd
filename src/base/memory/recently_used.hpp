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
  /// Keeps values with at most so much weight together.
  explicit RecentlyUsed(std::size_t most) : most_(most) {}

  [[nodiscard]] std::optional<Value> find(std::string_view text) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = recent_.find(text); found != recent_.end()) return found->second.value;
    const auto found = older_.find(text);
    if (found == older_.end()) return std::nullopt;
    Weighed weighed = std::move(found->second);
    older_.erase(found);
    put(text, weighed);
    return std::move(weighed.value);
  }
  /// With a weight of 1, `most` is their number.
  void keep(std::string_view text, const Value& value, std::size_t weight = 1) {
    const std::scoped_lock lock(mutex_);
    put(text, {value, weight});
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  struct Weighed {
    Value value;
    std::size_t weight = 0;
  };
  using Kept = std::unordered_map<std::string, Weighed, Hash, std::equal_to<>>;

  void put(std::string_view text, const Weighed& weighed) {
    auto found = recent_.find(text);
    if (found == recent_.end()) found = recent_.try_emplace(std::string(text)).first;
    weight_ += weighed.weight - found->second.weight;
    found->second = weighed;
    if (weight_ <= most_ / 2) return;
    older_ = std::exchange(recent_, {});
    weight_ = 0;
  }

  std::size_t most_;
  std::mutex mutex_;
  std::size_t weight_ = 0;  // of the recent ones
  Kept recent_, older_;
};

}  // namespace togglecast
