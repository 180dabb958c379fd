// Reads pickles (protocols 2 to 5) of plain values: None, bool, int, float, str, bytes, list, tuple, dict.
//
// Every opcode that could name a class or call something is refused, and so is every other that plain values
// do not need. What is shared inside the pickle is written out; a value that contains itself is refused.
// Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/codec/packed_value.hpp"
#include "base/error.hpp"

namespace togglecast::adapters {

struct UnpickledMessage {
  PackedValue message;              ///< an object; tuples are lists, bytes are attachments
  std::vector<std::string> tuples;  ///< the members of the object that were tuples
};

/// Errors: `parse_error` for what is not a pickle of a dictionary, `forbidden` for an opcode that is refused,
/// both with the byte; `payload_too_large` for a limit.
[[nodiscard]] Result<UnpickledMessage> read_pickle(std::string_view bytes, const PackedLimits& limits = {});

}  // namespace togglecast::adapters
