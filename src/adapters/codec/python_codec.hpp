// The messages of python-socketio's RedisManager: pickles up to version 5.13, JSON from 5.14 on.
// Thread rule: pure functions. Errors: those of `read_pickle` and `read_packed`, and `parse_error` with the
// field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "adapters/codec/message.hpp"
#include "adapters/codec/packed_value.hpp"
#include "base/error.hpp"

namespace togglecast::adapters {

/// Where the answer of a client goes.
struct PythonCallback {
  std::string host;
  std::string room;
  std::string nsp;
  std::int64_t id = 0;
};

struct PythonEmit {
  EventMessage message;
  std::optional<PythonCallback> callback{};
};

struct PythonMessage {
  std::string nsp;
  std::variant<PythonEmit, JoinMessage, LeaveMessage, DisconnectMessage> body;
};

/// Nothing for a method that concerns no socket here, such as `callback`.
[[nodiscard]] Result<std::optional<PythonMessage>> read_python(std::string_view bytes,
                                                               const PackedLimits& limits = {});
/// JSON, which all versions read. An answer with binary parts has null in their places.
[[nodiscard]] std::string write_python_callback(const PythonCallback& callback, const Arguments& answer);

}  // namespace togglecast::adapters
