// Messages that are or were kept, with who received and acknowledged them. Counts are of the audience as it
// is now. Thread rule: any thread; `done` runs on the store-reader's thread, or within the call when the
// request is refused. Errors: `forbidden`, `not_found`, `unavailable` when too many reads wait.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "changes/read_model.hpp"
#include "changes/store_reader.hpp"
#include "observe/log.hpp"
#include "service/messages/receivers.hpp"

namespace togglecast::service {

inline constexpr std::size_t kMaxMessages = 100;     ///< on a page
inline constexpr std::size_t kMaxReceivers = 1'000;  ///< on a page

struct MessageQuery {
  enum class State : std::uint8_t {
    any,
    waiting,         ///< neither withdrawn nor settled nor expired
    undelivered,     ///< somebody of the audience has not been sent it
    unacknowledged,  ///< somebody of the audience has not acknowledged it
  };
  State state = State::any;
  std::int64_t before = 0;  ///< `next` of the page before
  std::size_t limit = 50;
};

struct ReceiverQuery {
  enum class State : std::uint8_t { any, acknowledged, unacknowledged, undelivered };
  State state = State::any;
  std::optional<ReceiverId> after{};  ///< `next` of the page before
  std::size_t limit = 100;
};

class MessageList {
 public:
  using Done = std::function<void(Result<json::object> answer)>;

  MessageList(changes::StoreReader& reader, const changes::ReadModel& model, const Clock& clock,
              observe::Log& log)
      : reader_(reader), model_(model), clock_(clock), log_(log) {}

  /// `{items: [message], next?}`, newest first. One call reads a bounded number of receipts, so a page may
  /// have fewer messages than asked for, or none, and still have a next one.
  void page(const Principal& who, const MessageQuery& query, Done done);
  /// The message, with `receivers: [{kind, id, name?, in_audience, delivered_at?, acknowledged_at?,
  /// connections?}]` and `next`.
  void read(const Principal& who, const std::string& id, const ReceiverQuery& query, Done done);

 private:
  struct States {
    domain::SnapshotPtr state, system;
  };
  [[nodiscard]] Result<States> states_for(const Principal& who) const;
  [[nodiscard]] Error told(const Error& error) const;

  changes::StoreReader& reader_;
  const changes::ReadModel& model_;
  const Clock& clock_;
  observe::Log& log_;
};

}  // namespace togglecast::service
