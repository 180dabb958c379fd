// The texts of whole views, kept for the next connection that sees the same: a reconnect storm is answered
// from here, without an evaluation.
//
// A view is decided by its environment, its client, and the values that the rules of the client's features
// read of the context. It is good until a step concerns that client. A view that was asked for once is not
// kept, and none takes the place of one that was used more often of late: clients that come once cost no
// memory and push nothing out.
//
// Thread rule: one shard; the texts may be read anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "delivery/views/frequencies.hpp"
#include "domain/evaluation/jsonlogic/program.hpp"
#include "domain/state/impact.hpp"
#include "domain/views/sliced_view.hpp"
#include "observe/metrics.hpp"

namespace togglecast::delivery {

/// The members of a view, see `domain::FullView`.
using ViewText = std::shared_ptr<const std::string>;

/// Added up over all shards.
struct ViewCounters {
  observe::Counter& hits;
  observe::Counter& misses;
  observe::Gauge& bytes;  ///< that are kept
};

class ViewCache {
 public:
  /// Of one shard.
  static constexpr std::size_t kMostBytes = 8 * 1'024 * 1'024;

  explicit ViewCache(const ViewCounters& counters, std::size_t most_bytes = kMostBytes)
      : counters_(counters), most_bytes_(most_bytes) {}
  ViewCache(const ViewCache&) = delete;
  ViewCache& operator=(const ViewCache&) = delete;
  ~ViewCache() { counters_.bytes.add(-static_cast<std::int64_t>(bytes_)); }

  // `seen.state` is the state that the shard tells.
  /// The text of this view; null when it is not kept. Counts as a use.
  [[nodiscard]] ViewText find(const domain::Viewpoint& seen);
  /// Keeps a text that `find` did not have, if it is worth it.
  void offer(const domain::Viewpoint& seen, const ViewText& text);

  /// The shard goes from one state to another.
  void step(const domain::Snapshot& from, const domain::Snapshot& to, const domain::Impact& impact);
  /// An environment begins again: nothing that is kept of it counts.
  void begin_again(std::string_view environment);

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return by_key_.size(); }

 private:
  using Reads = domain::evaluation::Reads;
  using Time = std::uint64_t;  // counts steps

  struct Entry {
    std::string key;
    std::uint64_t hash;
    Time made;
    ViewText text;
    [[nodiscard]] std::size_t bytes() const noexcept { return text->capacity() + 2 * key.size() + kOverhead; }
    static constexpr std::size_t kOverhead = 256;
  };
  using Entries = std::list<Entry>;

  // When a step last concerned them.
  struct Environment {
    explicit Environment(Time began = 0) : all(began) {}
    Time all;
    std::unordered_map<domain::Id, Time> packages, clients;
    std::unordered_map<domain::Id, std::shared_ptr<const Reads>> reads;  // of a package's features
  };

  [[nodiscard]] Environment& environment(std::string_view name);
  [[nodiscard]] Time concerned(const Environment& of, const domain::Client& client) const;
  [[nodiscard]] std::string key_of(const domain::Viewpoint& seen);
  [[nodiscard]] std::shared_ptr<const Reads> reads_of(const domain::Viewpoint& seen);
  void drop(Entries::iterator entry);

  ViewCounters counters_;
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  Time now_ = 0;
  std::map<std::string, Environment, std::less<>> environments_;
  Entries entries_;  // the one that was used last stands in front
  std::unordered_map<std::string_view, Entries::iterator> by_key_;
  Frequencies uses_;
};

}  // namespace togglecast::delivery
