// The keys that sign tokens, as the store has them. A key is a record in the log of `system`, and its secret
// lies beside it. So every node hears of a new key by its tail, reads the secret, and verifies with it at
// once. It signs with it `kAnnounced` later: by then every node knows it.
//
// A node may still be asked about a token that it cannot know yet: one that another node issued a moment ago,
// or one of a new key. `look_again` reads the store once, for all who ask meanwhile, before the token is
// refused.
//
// A key can be retired: its tokens open nothing any more, and connections that were opened with them end. Its
// record and its secret stay, because other secrets follow from the oldest key.
//
// Thread rule: `on_retired` and `load` by the owner before any other call; everything else from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "auth/key_ring.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "changes/committer.hpp"
#include "changes/feed.hpp"
#include "changes/read_model.hpp"
#include "changes/store_reader.hpp"
#include "changes/tail.hpp"
#include "domain/entities/signing_key.hpp"
#include "domain/entities/token.hpp"
#include "domain/state/snapshot.hpp"
#include "observe/log.hpp"
#include "service/accounts/principal.hpp"
#include "service/accounts/submit_write.hpp"

namespace togglecast::service {

/// Longer than any node needs to hear of a change: its poll, and some retries.
inline constexpr std::chrono::seconds kAnnounced{5};

class SigningKeys {
 public:
  /// All references must outlive it.
  SigningKeys(auth::KeyRing& keys, changes::Committer& committer, const changes::ReadModel& model,
              changes::Tail& tail, changes::StoreReader& secrets, RandomSource& random, observe::Log& log,
              const Clock& clock)
      : keys_(keys),
        committer_(committer),
        model_(model),
        tail_(tail),
        secrets_(secrets),
        random_(random),
        log_(log),
        clock_(clock) {}
  SigningKeys(const SigningKeys&) = delete;
  SigningKeys& operator=(const SigningKeys&) = delete;

  /// Makes the first key of an installation; before the committer starts.
  [[nodiscard]] Result<void> make_first();
  /// Reads the keys that the ring lacks.
  [[nodiscard]] Result<void> load(storage::Reader& reader);
  /// From now on new keys are read as they come.
  void follow(changes::ChangeFeed& feed);

  /// `retired` runs whenever this node has heard that keys were retired, on the thread that hears of it.
  void on_retired(std::function<void()> retired) {
    const std::scoped_lock lock(retired_mutex_);
    retired_ = std::move(retired);
  }

  /// Announces a new key, which signs `kAnnounced` later. `forbidden` unless an owner asks.
  void rotate(const Principal& who, const WriteOptions& options, changes::Done done);

  /// All keys, the oldest first: `{id, kid, algorithm, created_at, signs_from, signs, live_tokens,
  /// retired_at?}`. `forbidden` unless an owner asks.
  [[nodiscard]] Result<json::array> list(const Principal& who) const;
  /// `conflict` for the last key, and, unless `options.force` is set, for a key that signs or has live
  /// tokens. `not_found` for one that was retired before.
  void retire(const Principal& who, const std::string& kid, const WriteOptions& options, changes::Done done);

  /// `again` runs on another thread, once this node has what the store had after this call. False, and
  /// `again` never runs, when too many wait for that already.
  [[nodiscard]] bool look_again(std::function<void()> again);

 private:
  [[nodiscard]] changes::Build build_key();
  void read_new_ones();
  /// Takes what `state` says of retired keys.
  void take_retired(const domain::Snapshot& state);
  using Counts = std::map<std::string, std::size_t, std::less<>>;
  /// The tokens that are valid, by the key that signed when they were issued.
  [[nodiscard]] Counts live_tokens() const;

  auth::KeyRing& keys_;
  changes::Committer& committer_;
  const changes::ReadModel& model_;
  changes::Tail& tail_;
  changes::StoreReader& secrets_;
  RandomSource& random_;
  observe::Log& log_;
  const Clock& clock_;
  std::mutex retired_mutex_;
  std::function<void()> retired_;  // set while others are heard already
  changes::ChangeFeed::Subscription heard_;
};

/// The record of the key that signed at that time. It may have been retired since. Null without any key.
[[nodiscard]] std::shared_ptr<const domain::SigningKeyRecord> signer_at(const domain::Snapshot& system,
                                                                        UnixMillis at);

/// Whether the token has neither been withdrawn nor ended, its client takes tokens of that time, and the key
/// that signed it is not retired. `state` is that of the token's environment. The other reasons for which a
/// token opens nothing, such as a client that is gone, end the record.
[[nodiscard]] bool is_living(const domain::TokenRecord& token, const domain::Snapshot& state,
                             const domain::Snapshot& system, UnixMillis now);

}  // namespace togglecast::service
