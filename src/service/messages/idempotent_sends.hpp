// Remembers messages that were sent with an idempotency key: the header `Idempotency-Key` over HTTP, the
// member `idempotency_key` of an event. A message is no change, so the log has no row for its key. The last
// few thousand keys of each admin stay in memory for a day; a restart forgets them.
//
//   if (auto done = sent.first(key, environment, now, answer))
//     sender.send_admin_notification(who, notification, *std::move(done));
//
// Thread rule: any thread; `answer` is called without the lock. Must outlive the `SendDone`s that it returns.
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
#include "storage/idempotency_key.hpp"

namespace togglecast::service {

class IdempotentSends {
 public:
  using Answer = std::function<void(const Result<SendResult>& outcome, bool replayed)>;

  static constexpr std::size_t kPerActor = 4'000;
  static constexpr std::chrono::hours kKept{24};

  /// Remembers `per_actor` keys of each actor in an environment for a time; forgets the oldest first.
  explicit IdempotentSends(std::size_t per_actor = kPerActor, std::chrono::seconds kept = kKept)
      : per_actor_(per_actor), kept_(kept) {}

  /// The first request with this key: returns the callback to send with; `answer` gets the outcome. A
  /// repeated request: returns nothing; `answer` gets the outcome of the first one as soon as it is known, or
  /// `conflict` when the first one was a different request. Failed sends are not remembered.
  [[nodiscard]] std::optional<SendDone> first(const storage::IdempotencyKey& key,
                                              const std::string& environment, TimePoint now, Answer answer);

 private:
  struct Sent {
    std::string key;
    Sha256 request{};
    TimePoint at{};
    std::optional<SendResult> outcome{};  // unset: the first request is still running
    std::vector<Answer> waiting{};        // for the outcome
  };
  using SentPtr = std::shared_ptr<Sent>;
  struct OfActor {
    std::deque<SentPtr> by_age;  // the oldest first
    std::map<std::string, SentPtr, std::less<>> by_key;
  };
  using Actor = std::pair<std::string, std::string>;  // actor and environment

  void forget_before(TimePoint oldest);
  static void forget_oldest(OfActor& of_actor);
  void finish(const Actor& actor, const SentPtr& sent, const Result<SendResult>& outcome);

  const std::size_t per_actor_;
  const std::chrono::seconds kept_;
  std::mutex mutex_;
  std::map<Actor, OfActor> actors_;
};

/// Takes the member `idempotency_key` out of the argument of an event; empty without one. The rest is the
/// request, which the key names.
[[nodiscard]] Result<std::string> take_idempotency_key(json::value& request);

/// Calls `send(done)`. After an exception, repetitions under the same key still get an answer: an error.
template <typename Send>
void send_guarded(const SendDone& done, Send&& send) {
  try {
    send(done);
  } catch (...) {
    done(fail(Errc::internal, "the message could not be sent; the server's log has the reason"));
    throw;
  }
}

}  // namespace togglecast::service
