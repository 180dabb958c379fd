// Messages that want an acknowledgement, and who has received and acknowledged them. They lie beside the
// catalogue: no revision, no row of the change log. They have a sequence of their own, in which every new
// message, withdrawal and acknowledgement takes the next number. So a process that shares the store follows
// them by that number alone.
//
// Thread and error rules as in store.hpp and reader.hpp. A driver knows texts and numbers, and nothing of
// their meaning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "storage/idempotency_key.hpp"
#include "storage/leases.hpp"

namespace togglecast::storage {

struct MessageRow {
  std::int64_t number = 0;  ///< in the sequence, when it was added; the store sets it
  std::string environment;
  std::string id;
  std::string event;
  std::string audience;  ///< canonical JSON
  std::string payload;   ///< JSON
  std::string ack;
  std::int64_t retry = 0;  ///< milliseconds
  std::string sender;      ///< JSON
  std::int64_t addressed = 0;
  UnixMillis at{};
  UnixMillis expires_at{};
  UnixMillis withdrawn_at{};  ///< 0: it was not
  UnixMillis settled_at{};    ///< when its one receiver had acknowledged it; 0: not yet, or it has several

  [[nodiscard]] bool alive(UnixMillis now) const noexcept {
    return withdrawn_at.value == 0 && settled_at.value == 0 && now < expires_at;
  }
};

struct NewMessage {
  MessageRow row;
  bool one_receiver = false;                    ///< the first acknowledgement settles it
  std::optional<IdempotencyKey> idempotency{};  ///< remembered with the message
  UnixMillis keys_since{};                      ///< older keys are free again
};

/// Of the messages of one environment that are alive.
struct MessageLimits {
  std::int64_t count = 10'000;
  std::int64_t bytes = 16 * 1'024 * 1'024;  ///< of payloads and audiences
};

struct AddedMessage {
  MessageRow row;
  bool replayed = false;  ///< it was added before, under the same key
};

/// What one receiver did with a message. `connection` is empty for the receiver as a whole.
struct MessageReceipt {
  std::int64_t message = 0;
  std::int64_t receiver = 0;
  std::string connection;
  UnixMillis delivered_at{};
  UnixMillis acknowledged_at{};  ///< 0: not yet
};

class MessageWriter {
 public:
  virtual ~MessageWriter() = default;

  /// Durable when it returns without error. `conflict` above a limit, and for a key that was used for another
  /// request; `not_found` without such an environment.
  [[nodiscard]] virtual Result<AddedMessage> add(const NewMessage& message, const MessageLimits& limits) = 0;
  /// All in one transaction. Receipts of messages that are gone are ignored. An acknowledgement stays, and
  /// the first time of each counts.
  [[nodiscard]] virtual Result<void> record(std::span<const MessageReceipt> receipts) = 0;
  /// Answers the message as it is then. Withdrawing again changes nothing.
  [[nodiscard]] virtual Result<MessageRow> withdraw(const std::string& environment, const std::string& id,
                                                    UnixMillis at) = 0;
  /// Deletes messages that were over at `before`, and the oldest of those that are over at `now` beyond
  /// `kept`. One call deletes about `most` rows; true: there may be more to delete. With a fence, it needs
  /// this lease.
  [[nodiscard]] virtual Result<bool> forget(UnixMillis before, UnixMillis now, std::int64_t kept,
                                            std::int64_t most, const std::optional<Fence>& fence) = 0;
};

/// What happened after a number of the sequence.
struct MessageChanges {
  std::int64_t last = 0;                     ///< the newest number
  std::vector<MessageRow> messages;          ///< new, withdrawn and settled ones, by number
  std::vector<MessageReceipt> acknowledged;  ///< by receivers as a whole
};

class MessageReader {
 public:
  virtual ~MessageReader() = default;

  /// With `after` 0: all messages that are alive at `now`, and the acknowledgements of those.
  [[nodiscard]] virtual Result<MessageChanges> changes_after(std::int64_t after, UnixMillis now) = 0;
  /// Up to `limit` messages before this number, the newest first; 0: start with the newest.
  [[nodiscard]] virtual Result<std::vector<MessageRow>> page(const std::string& environment,
                                                             std::int64_t before, std::size_t limit) = 0;
  [[nodiscard]] virtual Result<std::optional<MessageRow>> find(const std::string& environment,
                                                               const std::string& id) = 0;
  /// Up to `limit` receipts of receivers above `after`, by receiver, then by connection.
  [[nodiscard]] virtual Result<std::vector<MessageReceipt>> receipts(std::int64_t message, std::int64_t after,
                                                                     std::size_t limit) = 0;
};

}  // namespace togglecast::storage
