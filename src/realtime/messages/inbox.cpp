#include "realtime/messages/inbox.hpp"

#include <utility>

namespace togglecast::realtime {

Milliseconds pause_after(unsigned sent, Milliseconds first, double jitter) noexcept {
  constexpr unsigned kMostDoublings = 16;
  const Milliseconds longest = std::max<Milliseconds>(std::chrono::minutes{5}, first);
  const unsigned doublings = std::min(sent == 0 ? 0U : sent - 1, kMostDoublings);
  const Milliseconds pause = std::min<Milliseconds>(first * (std::int64_t{1} << doublings), longest);
  return std::chrono::duration_cast<Milliseconds>(pause * (0.8 + 0.4 * jitter));
}

const Inbox::Open* Inbox::find(std::int64_t message) const noexcept {
  const auto found =
      std::find_if(open_.begin(), open_.end(), [message](const Open& one) { return one.message == message; });
  return found == open_.end() ? nullptr : &*found;
}

Inbox::Open* Inbox::find(std::int64_t message) noexcept {
  return const_cast<Open*>(std::as_const(*this).find(message));  // NOLINT: the object is ours
}

Inbox::Added Inbox::add(std::int64_t message) {
  if (find(message) != nullptr || acknowledged(message)) return Added::known;
  if (open_.size() >= most_) {
    left_out_ = true;
    return Added::full;
  }
  open_.push_back({message});
  return Added::now;
}

unsigned Inbox::sent(std::int64_t message) noexcept {
  Open* open = find(message);
  return open == nullptr ? 0 : ++open->sent;
}

void Inbox::wait(std::int64_t message, TimePoint until) noexcept {
  if (Open* open = find(message)) open->next = until;
}

bool Inbox::due(std::int64_t message, TimePoint at) const noexcept {
  const Open* open = find(message);
  return open != nullptr && open->next == at;
}

std::optional<std::int64_t> Inbox::first_unsent() const noexcept {
  const auto found = std::find_if(open_.begin(), open_.end(), [](const Open& one) { return one.sent == 0; });
  return found == open_.end() ? std::nullopt : std::optional(found->message);
}

unsigned Inbox::times_sent(std::int64_t message) const noexcept {
  const Open* open = find(message);
  return open == nullptr ? 0 : open->sent;
}

void Inbox::acknowledge(std::int64_t message) {
  drop(message);
  if (!acknowledged(message)) acknowledged_.push_back(message);
}

bool Inbox::acknowledged(std::int64_t message) const noexcept {
  return std::find(acknowledged_.begin(), acknowledged_.end(), message) != acknowledged_.end();
}

void Inbox::drop(std::int64_t message) noexcept {
  std::erase_if(open_, [message](const Open& one) { return one.message == message; });
}

void Inbox::forget(std::int64_t message) noexcept {
  drop(message);
  std::erase(acknowledged_, message);
}

bool Inbox::take_left_out() noexcept {
  if (!left_out_ || open_.size() >= most_) return false;
  left_out_ = false;
  return true;
}

}  // namespace togglecast::realtime
