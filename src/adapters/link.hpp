// How one namespace reaches the other servers: channels and formats of one kind of adapter. Internal.
// Thread rule: any thread. `receive` and `done` may run on a thread of the client.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/codec/message.hpp"
#include "base/error.hpp"
#include "socketio/recovery.hpp"

namespace togglecast::adapters {

class Link {
 public:
  /// A message of another server.
  using Receive = std::function<void(Message message)>;
  /// Does on this server what the message says.
  using Apply = std::function<void(Body body)>;

  virtual ~Link() = default;
  /// The id of this server in this namespace.
  [[nodiscard]] virtual const std::string& uid() const noexcept = 0;
  virtual void open(Receive receive, Apply apply) = 0;
  virtual void close() = 0;
  /// An event without a request, a join, a leave or a disconnect: for all servers, this one too. A link that
  /// has an order of its own calls `apply` in that order; the others return the body, to be applied at once.
  [[nodiscard]] virtual std::optional<Body> carry(Message message) {
    publish(message);
    return std::move(message.body);
  }
  /// To all other servers.
  virtual void publish(const Message& message) = 0;
  /// To the server that asked.
  virtual void respond(const std::string& to_uid, const Message& message) = 0;
  /// How many servers there are, this one among them.
  virtual void count_servers(std::function<void(Result<std::size_t>)> done) = 0;
  virtual void room_opened(std::string_view /*room*/, bool /*own*/) {}
  virtual void room_closed(std::string_view /*room*/, bool /*own*/) {}
  [[nodiscard]] virtual socketio::SharedRecovery* recovery() noexcept { return nullptr; }
};

}  // namespace togglecast::adapters
