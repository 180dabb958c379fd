#include "realtime/messages/sliced_sender.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

namespace togglecast::realtime {
namespace {

constexpr std::chrono::microseconds kSlice{1'000};
constexpr Milliseconds kPause{1};       // others get their turn
constexpr Milliseconds kLookAgain{50};  // at connections that were busy, and for the next of a window

}  // namespace

SlicedSender::SlicedSender(net::Shard& shard) : shard_(shard), timer_([this] { work(); }) {}

void SlicedSender::add(Receivers to, Send send, Busy busy, Milliseconds window, const std::string& name) {
  if (!name.empty()) replace(name, to);
  if (to.empty()) return;
  rounds_.push_back({std::move(to), std::move(send), busy, shard_.now(), window, name});
  if (!timer_.armed()) work();
}

void SlicedSender::replace(const std::string& name, Receivers& to) {
  const auto round =
      std::find_if(rounds_.begin(), rounds_.end(), [&name](const Round& one) { return one.name == name; });
  if (round == rounds_.end()) return;
  Receivers late = std::move(round->waiting);
  late.insert(late.end(), round->to.begin() + static_cast<std::ptrdiff_t>(round->next), round->to.end());
  std::set<std::weak_ptr<socketio::Socket>, std::owner_less<>> others(to.begin(), to.end());
  std::erase_if(late, [&others](const auto& one) { return others.erase(one) == 0; });
  std::erase_if(to, [&others](const auto& one) { return !others.contains(one); });
  to.insert(to.begin(), late.begin(), late.end());
  rounds_.erase(round);
}

void SlicedSender::work() {
  const TimePoint until = std::chrono::steady_clock::now() + kSlice;
  std::erase_if(rounds_, [&](Round& round) { return work_on(round, until); });
  if (rounds_.empty()) return;
  const bool out_of_time = std::chrono::steady_clock::now() >= until;
  shard_.arm(timer_, out_of_time ? kPause : kLookAgain);
}

bool SlicedSender::work_on(Round& round, TimePoint until) {
  Receivers waiting = std::exchange(round.waiting, {});
  const TimePoint now = std::chrono::steady_clock::now();
  std::size_t due = round.to.size();
  if (now < round.began + round.window) {
    const double part = std::chrono::duration<double>(now - round.began) / round.window;
    due = std::min(due, static_cast<std::size_t>(static_cast<double>(due) * part) + 1);
  }
  for (const auto& one : waiting) visit(round, one);
  while (round.next < due && std::chrono::steady_clock::now() < until) visit(round, round.to[round.next++]);
  return round.next == round.to.size() && round.waiting.empty();
}

void SlicedSender::visit(Round& round, const std::weak_ptr<socketio::Socket>& to) {
  const auto socket = to.lock();
  if (socket == nullptr || !socket->connected()) return;
  auto* subscriber = socket->state<SocketSubscriber>();
  if (subscriber == nullptr || !subscriber->entered()) return;
  if (round.when_busy == Busy::wait && (subscriber->busy() || !subscriber->takes_state())) {
    round.waiting.push_back(to);
  } else if (!round.send(*subscriber)) {
    round.waiting.push_back(to);
  }
}

}  // namespace togglecast::realtime
