// JSON values with binary parts, read from MessagePack or JSON text, and written as MessagePack.
// Thread rule: pure functions. Input may be hostile: depth, size and number of values are bounded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/shared_bytes.hpp"

namespace togglecast::adapters {

/// As in `wire::socketio::Arguments`, `{"_placeholder":true,"num":i}` stands for `attachments[i]`.
struct PackedValue {
  json::value value;
  std::vector<SharedBytes> attachments{};
};

struct PackedLimits {
  std::size_t bytes = 16 << 20;
  std::size_t depth = 128;  ///< nested arrays and maps
  std::size_t values = 1'000'000;
};

/// Strings that are not UTF-8 are repaired. The extension types of Node's encoders are read: a time becomes
/// its ISO text, `undefined` null, and an ArrayBuffer bytes. Errors: `parse_error`; `payload_too_large` for a
/// limit.
[[nodiscard]] Result<PackedValue> read_msgpack(std::string_view bytes, const PackedLimits& limits = {});
/// A text that begins with `{` is JSON, everything else MessagePack.
[[nodiscard]] Result<PackedValue> read_packed(std::string_view bytes, const PackedLimits& limits = {});
[[nodiscard]] std::string write_msgpack(const json::value& value,
                                        const std::vector<SharedBytes>& attachments = {});

}  // namespace togglecast::adapters
