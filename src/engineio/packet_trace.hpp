// Watches the packets of one session, for logs. Thread rule: called on the session's shard; the session owns
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engineio/session.hpp"

namespace togglecast::engineio {

class PacketTrace {
 public:
  enum class Direction : std::uint8_t { in, out };

  virtual ~PacketTrace() = default;
  /// An Engine.IO packet as text: a type digit and its data. The view is valid during the call.
  virtual void text(Direction direction, TransportKind transport, std::string_view packet) = 0;
  /// The same with binary data, of which only the size is told.
  virtual void binary(Direction direction, TransportKind transport, std::size_t bytes) = 0;
  /// The application knows who is at the other end, see `Session::name`. False: this session is of no
  /// interest; the trace is dropped.
  [[nodiscard]] virtual bool named(std::string_view kind, std::string_view name) = 0;
  /// The session has ended.
  virtual void closed(CloseReason reason) = 0;
};

}  // namespace togglecast::engineio
