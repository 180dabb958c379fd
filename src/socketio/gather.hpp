// One answer out of the answers of all shards. Internal to `socketio`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

#include "net/shard.hpp"

namespace togglecast::socketio {

/// Collects one part from each shard. When all parts are there, `done` gets them on `home`.
/// Thread rule: each shard calls `add` once.
template <typename T>
struct Gather {
  Gather(std::size_t shards, net::Shard& shard, std::function<void(std::vector<T>)> callback)
      : left(shards), home(shard), done(std::move(callback)) {}

  void add(std::vector<T> part) {
    bool last = false;
    {
      const std::lock_guard lock(mutex);
      std::move(part.begin(), part.end(), std::back_inserter(all));
      last = --left == 0;
    }
    if (!last) return;
    if (home.is_current()) {
      std::exchange(done, nullptr)(std::move(all));  // another shard may hold this object last
    } else {
      home.post([callback = std::exchange(done, nullptr), parts = std::move(all)]() mutable {
        callback(std::move(parts));
      });
    }
  }

  std::mutex mutex;
  std::size_t left;
  std::vector<T> all;
  net::Shard& home;
  std::function<void(std::vector<T>)> done;
};

}  // namespace togglecast::socketio
