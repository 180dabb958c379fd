// The bytes of assets that many ask for at once: after a push, thousands of clients fetch the same one. It
// reads each only once at a time, and keeps the ones used last, within a bound of bytes.
// Thread rule: any thread; the lock is held for a look-up, never while bytes are read or sent.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/shared_bytes.hpp"
#include "observe/metrics.hpp"

namespace togglecast::service {

class AssetCache {
 public:
  using Done = std::function<void(const Result<SharedBytes>& bytes)>;
  /// Reads the bytes and calls `done` once, on any thread. When it drops `done` instead, the read has failed.
  using Load = std::function<void(std::function<void(Result<SharedBytes>)> done)>;

  AssetCache(std::size_t most_bytes, observe::Metrics& metrics);
  AssetCache(const AssetCache&) = delete;
  AssetCache& operator=(const AssetCache&) = delete;

  /// Calls `done` once: within the call when the bytes are known, else on the thread of `load`. Of those that
  /// ask for the same key meanwhile, only the first loads.
  void get(const std::string& key, const Load& load, const Done& done);

  [[nodiscard]] std::size_t bytes() const;

 private:
  static constexpr std::size_t kWaiting = 100'000;  // that ask for bytes on their way; more are refused

  struct Entry {
    SharedBytes bytes;
    bool loading = true;
    std::vector<Done> waiting;
    std::list<std::string>::iterator used{};  // of one that is not loading
  };
  struct Arrival;
  void arrived(const std::string& key, const Result<SharedBytes>& bytes);
  // These need `mutex_`.
  [[nodiscard]] std::vector<Done> settle(const std::string& key, const Result<SharedBytes>& bytes);
  void shrink();

  std::size_t most_bytes_;
  observe::Counter& hits_;
  observe::Counter& misses_;
  observe::Gauge& size_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::list<std::string> used_;  // the last one first
  std::size_t bytes_ = 0;
  std::size_t waiting_ = 0;
};

}  // namespace togglecast::service
