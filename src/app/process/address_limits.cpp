#include "app/process/address_limits.hpp"

#include <algorithm>
#include <chrono>

namespace togglecast::app {
namespace {

using boost::asio::ip::address;

// Beyond its sessions an address may ask, and is answered why it gets no more of them.
constexpr std::size_t kConnectionsPerSession = 2;

std::string name_of(const address& who) {
  if (who.is_v4()) return who.to_string();
  const auto bytes = who.to_v6().to_bytes();
  return {bytes.begin(), bytes.begin() + 8};
}

std::string name_of(const std::string& text) {
  boost::system::error_code error;
  const address who = boost::asio::ip::make_address(text, error);
  return error ? text : name_of(who);
}

}  // namespace

AddressLimits::AddressLimits(const AddressLimitOptions& options, const Clock& clock,
                             observe::Metrics& metrics)
    : options_(options),
      clock_(clock),
      too_fast_(metrics.counter("togglecast_connections_limited_total",
                                "Connections refused because of their address's limits.",
                                {{"limit", "rate"}})),
      too_many_(metrics.counter("togglecast_connections_limited_total",
                                "Connections refused because of their address's limits.",
                                {{"limit", "open"}})) {}

std::optional<std::shared_ptr<void>> AddressLimits::accept(const address& who) {
  if (who.is_loopback()) return nullptr;
  const std::scoped_lock lock(book_->mutex);
  Entry& entry = entry_of(name_of(who));
  if (entry.connections < kConnectionsPerSession * options_.open) return count(entry.connections);
  too_many_.add();
  return std::nullopt;
}

std::optional<engineio::Refusal> AddressLimits::admit(const web::Peer& peer) {
  if (peer.loopback) return std::nullopt;
  const std::scoped_lock lock(book_->mutex);
  Entry& entry = entry_of(name_of(peer.address));
  if (entry.sessions >= options_.open) {
    too_many_.add();
    return engineio::Refusal{"too many open connections from this address", 429, 10};
  }
  const Milliseconds wait = entry.opened.take(options_.rate, clock_.now());
  if (wait == Milliseconds{0}) return std::nullopt;
  too_fast_.add();
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return engineio::Refusal{"too many new connections from this address", 429, static_cast<unsigned>(seconds)};
}

std::shared_ptr<void> AddressLimits::hold(const web::Peer& peer) {
  if (peer.loopback) return nullptr;
  const std::scoped_lock lock(book_->mutex);
  return count(entry_of(name_of(peer.address)).sessions);
}

AddressLimits::Entry& AddressLimits::entry_of(std::string name) {
  if (book_->entries.size() >= book_->sweep_at) sweep();
  return book_->entries[std::move(name)];
}

std::shared_ptr<void> AddressLimits::count(std::size_t& things) const {
  ++things;
  return {nullptr, [book = book_, &things](void*) {
            const std::scoped_lock lock(book->mutex);
            --things;
          }};
}

std::size_t AddressLimits::remembered() const {
  const std::scoped_lock lock(book_->mutex);
  return book_->entries.size();
}

void AddressLimits::sweep() {
  const TimePoint now = clock_.now();
  std::erase_if(book_->entries, [&](const auto& entry) {
    const Entry& who = entry.second;
    return who.connections == 0 && who.sessions == 0 && who.opened.full(options_.rate, now);
  });
  book_->sweep_at = std::max<std::size_t>(1'024, 2 * book_->entries.size());
}

}  // namespace togglecast::app
