#include "app/process/address_limits.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "web/address.hpp"

namespace togglecast::app {
namespace {

using boost::asio::ip::address;

// An address with all its sessions may still connect and ask, so that it gets the reason of the refusal.
constexpr std::size_t kConnectionsPerSession = 2;

// Everybody behind a proxy that is not named comes from the proxy's address, mostly from this machine.
engineio::Refusal refusal(std::string reason, const web::Peer& peer, unsigned retry_after_s) {
  if (peer.loopback)
    reason += "; if a proxy runs on the server's machine, name it with --trusted-proxy " + peer.address;
  return {std::move(reason), 429, retry_after_s};
}

}  // namespace

AddressLimits::AddressLimits(const AddressLimitOptions& options, const Clock& clock,
                             observe::Metrics& metrics)
    : options_(options),
      clock_(clock),
      too_fast_(metrics.counter("togglecast_connections_limited_total",
                                "Connections refused by a limit per address.", {{"limit", "rate"}})),
      too_many_(metrics.counter("togglecast_connections_limited_total",
                                "Connections refused by a limit per address.", {{"limit", "open"}})) {}

std::optional<HeldPtr> AddressLimits::accept(const address& peer) {
  if (exempt(peer.is_loopback())) return nullptr;
  const std::scoped_lock lock(mutex_);
  Entry& entry = entry_of(web::address_key(peer));
  if (entry.connections.count() < kConnectionsPerSession * options_.open) return entry.connections.hold();
  too_many_.add();
  return std::nullopt;
}

std::optional<engineio::Refusal> AddressLimits::admit(const web::Peer& peer) {
  if (exempt(peer.loopback)) return std::nullopt;
  const std::scoped_lock lock(mutex_);
  Entry& entry = entry_of(web::address_key(peer.address));
  if (entry.sessions.count() >= options_.open) {
    too_many_.add();
    return refusal("too many open connections from this address", peer, 10);
  }
  const Milliseconds wait = entry.opened.take(options_.rate, clock_.now());
  if (wait == Milliseconds{0}) return std::nullopt;
  too_fast_.add();
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return refusal("too many new connections from this address", peer, static_cast<unsigned>(seconds));
}

HeldPtr AddressLimits::hold(const web::Peer& peer) {
  if (exempt(peer.loopback)) return nullptr;
  const std::scoped_lock lock(mutex_);
  return entry_of(web::address_key(peer.address)).sessions.hold();
}

AddressLimits::Entry& AddressLimits::entry_of(std::string key) {
  if (entries_.size() >= sweep_at_) sweep();
  return entries_[std::move(key)];
}

std::size_t AddressLimits::remembered() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

void AddressLimits::sweep() {
  const TimePoint now = clock_.now();
  std::erase_if(entries_, [&](const auto& entry) {
    const Entry& one = entry.second;
    return one.connections.count() == 0 && one.sessions.count() == 0 && one.opened.full(now);
  });
  sweep_at_ = std::max<std::size_t>(1'024, 2 * entries_.size());
}

}  // namespace togglecast::app
