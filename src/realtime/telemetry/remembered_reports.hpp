// Reports of metrics that came with an idempotency key, so that a repeated one counts once. In memory, as the
// sums are: after a restart, a repeated report counts once in the new sums.
//
// Each client has one shard that remembers its keys, whatever shard its connections are on. Thread rule: that
// shard.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::realtime {

/// What became of a report.
struct TakenReport {
  std::size_t accepted = 0, dropped = 0;
};

struct RememberedReportsOptions {
  std::size_t per_client = 200;
  std::size_t all = 20'000;  ///< of all clients; the oldest is forgotten first
  std::chrono::seconds age{24 * 3'600};
};

class RememberedReports {
 public:
  explicit RememberedReports(const RememberedReportsOptions& options) : options_(options) {}

  /// Calls `take` for the first report with this key, and answers a repeated one as it was answered.
  /// `conflict` when the key came with another report.
  [[nodiscard]] Result<TakenReport> once(const std::string& environment, domain::Id client,
                                         const std::string& key, const Sha256& report, TimePoint now,
                                         const std::function<TakenReport()>& take);

 private:
  using Client = std::pair<std::string, domain::Id>;
  struct Remembered {
    Client client;
    std::string key;
    Sha256 report{};
    TimePoint at{};
    TakenReport taken;
  };
  using ByAge = std::list<Remembered>;  // the oldest first
  struct OfClient {
    std::deque<ByAge::iterator> by_age;
    std::map<std::string, ByAge::iterator, std::less<>> by_key;
  };

  void forget_oldest(std::map<Client, OfClient>::iterator of_client);

  RememberedReportsOptions options_;
  ByAge by_age_;
  std::map<Client, OfClient> clients_;
};

}  // namespace togglecast::realtime
