#include "service/assets/asset_cache.hpp"

#include <memory>
#include <optional>
#include <utility>

#include "changes/worker_pool.hpp"

namespace togglecast::service {

AssetCache::AssetCache(std::size_t most_bytes, observe::Metrics& metrics)
    : most_bytes_(most_bytes),
      hits_(metrics.counter("togglecast_asset_cache_hits_total", "Reads of assets that memory answered.")),
      misses_(
          metrics.counter("togglecast_asset_cache_misses_total", "Reads of assets that went to the store.")),
      size_(metrics.gauge("togglecast_asset_cache_bytes", "Bytes of assets kept in memory.")) {}

// Tells those who wait, also when the read was dropped without an answer.
struct AssetCache::Arrival {
  Arrival(AssetCache& to, std::string of) : cache(to), key(std::move(of)) {}
  Arrival(const Arrival&) = delete;
  Arrival& operator=(const Arrival&) = delete;
  ~Arrival() {
    if (!told) tell(changes::busy("too many reads are waiting for the store; try again"));
  }
  void tell(const Result<SharedBytes>& bytes) {
    told = true;
    cache.arrived(key, bytes);
  }

  AssetCache& cache;
  std::string key;
  bool told = false;
};

std::size_t AssetCache::bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

void AssetCache::get(const std::string& key, const Load& load, const Done& done) {
  std::optional<Result<SharedBytes>> known;
  {
    const std::scoped_lock lock(mutex_);
    const auto [place, is_new] = entries_.try_emplace(key);
    Entry& entry = place->second;
    if (!entry.loading) {
      used_.splice(used_.begin(), used_, entry.used);
      known = entry.bytes;
    } else if (waiting_ == kWaiting) {
      if (is_new) entries_.erase(place);
      known = changes::busy("too many read assets at this moment; try again");
    } else {
      entry.waiting.push_back(done);
      ++waiting_;
      if (!is_new) return hits_.add();
    }
  }
  if (known) {
    if (*known) hits_.add();
    return done(*known);
  }
  misses_.add();
  load([arrival = std::make_shared<Arrival>(*this, key)](const Result<SharedBytes>& bytes) {
    arrival->tell(bytes);
  });
}

void AssetCache::arrived(const std::string& key, const Result<SharedBytes>& bytes) {
  std::vector<Done> waiting;
  {
    const std::scoped_lock lock(mutex_);
    waiting = settle(key, bytes);
  }
  for (const Done& done : waiting) done(bytes);
}

std::vector<AssetCache::Done> AssetCache::settle(const std::string& key, const Result<SharedBytes>& bytes) {
  const auto place = entries_.find(key);
  if (place == entries_.end() || !place->second.loading) return {};
  Entry& entry = place->second;
  std::vector<Done> waiting = std::exchange(entry.waiting, {});
  waiting_ -= waiting.size();
  if (!bytes || bytes->size() > most_bytes_) {
    entries_.erase(place);
    return waiting;
  }
  entry.loading = false;
  entry.bytes = *bytes;
  entry.used = used_.insert(used_.begin(), key);
  bytes_ += bytes->size();
  shrink();
  return waiting;
}

void AssetCache::shrink() {
  while (bytes_ > most_bytes_) {
    const auto oldest = entries_.find(used_.back());
    bytes_ -= oldest->second.bytes.size();
    entries_.erase(oldest);
    used_.pop_back();
  }
  size_.set(static_cast<std::int64_t>(bytes_));
}

}  // namespace togglecast::service
