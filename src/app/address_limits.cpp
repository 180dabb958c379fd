#include "app/address_limits.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <chrono>

namespace togglecast::app {
namespace {

std::string name_of(const std::string& address) {
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address(address, error);
  if (error || !parsed.is_v6()) return address;
  const auto bytes = parsed.to_v6().to_bytes();
  return {bytes.begin(), bytes.begin() + 8};
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

std::optional<engineio::Refusal> AddressLimits::admit(const web::Peer& peer) {
  if (peer.loopback) return std::nullopt;
  const std::scoped_lock lock(book_->mutex);
  if (book_->entries.size() >= book_->sweep_at) sweep();
  Entry& entry = book_->entries[name_of(peer.address)];
  if (entry.open >= options_.open) {
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
  std::string name = name_of(peer.address);
  {
    const std::scoped_lock lock(book_->mutex);
    ++book_->entries[name].open;
  }
  return {nullptr, [book = book_, name = std::move(name)](void*) {
            const std::scoped_lock lock(book->mutex);
            --book->entries[name].open;
          }};
}

std::size_t AddressLimits::remembered() const {
  const std::scoped_lock lock(book_->mutex);
  return book_->entries.size();
}

void AddressLimits::sweep() {
  const TimePoint now = clock_.now();
  std::erase_if(book_->entries, [&](const auto& entry) {
    return entry.second.open == 0 && entry.second.opened.full(options_.rate, now);
  });
  book_->sweep_at = std::max<std::size_t>(1'024, 2 * book_->entries.size());
}

}  // namespace togglecast::app
