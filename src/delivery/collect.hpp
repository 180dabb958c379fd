// A question to every shard and all the answers in one place. Thread rule: any thread while the pool runs.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "net/shard_pool.hpp"

namespace togglecast::delivery {

/// `ask` runs on every shard and answers there by its second argument, now or later, once. `done` runs where
/// the last answer was given, with all of them by the index of their shard.
template <typename T>
void collect_from_shards(net::ShardPool& shards, std::function<void(net::Shard&, std::function<void(T)>)> ask,
                         std::function<void(std::vector<T>)> done) {
  struct Round {
    std::mutex mutex;
    std::vector<T> parts;
    std::size_t missing;
    std::function<void(std::vector<T>)> done;
  };
  auto round = std::make_shared<Round>();
  round->parts.resize(shards.size());
  round->missing = shards.size();
  round->done = std::move(done);
  shards.post_to_all([round, ask = std::move(ask)](net::Shard& shard) {
    ask(shard, [round, index = shard.index()](T part) {
      {
        const std::scoped_lock lock(round->mutex);
        round->parts[index] = std::move(part);
        if (--round->missing != 0) return;
      }
      std::exchange(round->done, nullptr)(std::move(round->parts));  // another shard may hold the round last
    });
  });
}

}  // namespace togglecast::delivery
