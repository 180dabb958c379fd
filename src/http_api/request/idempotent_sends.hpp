// What was sent under an `Idempotency-Key`. A message is no change, so no row of the log keeps its key: they
// are remembered here, in memory, the last few thousand of each admin for a day. A restart forgets them.
//
//   if (auto done = sent.first(key, environment, now, answer))
//     broadcasts.send_admin_notification(who, what, *std::move(done));
//
// Thread rule: any thread; answers are called without the lock. Must outlive the calls that it is told of.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "service/messages/message_sender.hpp"
#include "storage/store.hpp"

namespace togglecast::http_api {

class IdempotentSends {
 public:
  using Answer = std::function<void(const Result<service::SendResult>& outcome, bool replayed)>;

  static constexpr std::size_t kPerActor = 4'000;
  static constexpr std::chrono::hours kKept{24};

  /// Remembers so many keys of each actor in an environment; the oldest are forgotten first.
  explicit IdempotentSends(std::size_t per_actor = kPerActor) : per_actor_(per_actor) {}

  /// What to send the first request of this key with; `answer` gets its outcome. Nothing for one that comes
  /// again: `answer` gets what the first came to, once that is known, or `conflict` when it was another
  /// request. What could not be sent is not remembered.
  [[nodiscard]] std::optional<service::SendDone> first(const storage::IdempotencyKey& key,
                                                       const std::string& environment, TimePoint now,
                                                       Answer answer);

 private:
  struct Sent {
    std::string key;
    Sha256 request{};
    TimePoint at{};
    std::optional<service::SendResult> told{};  // unset: it is on its way
    std::vector<Answer> waiting{};              // for that
  };
  using SentPtr = std::shared_ptr<Sent>;
  struct OfActor {
    std::deque<SentPtr> by_age;  // the oldest first; also what could not be sent
    std::map<std::string, SentPtr, std::less<>> by_key;
  };
  using Actor = std::pair<std::string, std::string>;  // and the environment

  void forget_before(TimePoint oldest);
  static void forget_oldest(OfActor& of_actor);
  void finish(const Actor& actor, const SentPtr& sent, const Result<service::SendResult>& outcome);

  const std::size_t per_actor_;
  std::mutex mutex_;
  std::map<Actor, OfActor> actors_;
};

}  // namespace togglecast::http_api
