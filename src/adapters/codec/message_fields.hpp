// The parts that the messages of all adapters have in common. Internal to the codecs. Thread rule: pure
// functions. Errors: `parse_error`, which names the field.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/codec/message.hpp"
#include "adapters/codec/packed_value.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

namespace togglecast::adapters {

/// `{"rooms":[],"except":[]}`, and with `"flags":{}`.
[[nodiscard]] json::object write_targets(const BroadcastOptions& targets, bool with_flags);
[[nodiscard]] Result<BroadcastOptions> read_targets(const json::value* opts);

[[nodiscard]] json::array write_names(const std::vector<std::string>& names);
/// A list of strings. A number, which Node allows for a room, becomes its text. Absent or null: none.
[[nodiscard]] Result<std::vector<std::string>> read_names(const json::value* list, std::string_view field);

/// `{"type":2,"data":[…]}`, with `"nsp"` when it is not empty.
[[nodiscard]] json::object write_packet(const Arguments& event, std::string_view nsp = {});
/// The event in `packet`, a part of `message`.
[[nodiscard]] Result<Arguments> read_packet(const PackedValue& message, const json::value* packet);
/// An event's name and arguments in a list that is a part of `message`.
[[nodiscard]] Result<Arguments> read_event(const PackedValue& message, const json::value* list,
                                           std::string_view field);
/// One value that is a part of `message`; null when absent.
[[nodiscard]] Arguments read_answer(const PackedValue& message, const json::value* value);
/// The first value of an answer; null when it has none.
[[nodiscard]] json::value first_value(const Arguments& answer);

[[nodiscard]] json::array write_sockets(const std::vector<RemoteSocket>& sockets);
/// Binary parts of a socket's data are read as null.
[[nodiscard]] Result<std::vector<RemoteSocket>> read_sockets(const PackedValue& message,
                                                             const json::value* list);

/// A non-empty string of at most 64 bytes.
[[nodiscard]] Result<std::string> read_id(const json::value& object, std::string_view field);
/// The same, or empty when absent.
[[nodiscard]] Result<std::string> read_id_if_any(const json::value& object, std::string_view field);
[[nodiscard]] std::optional<int> read_type(const json::value& object);
[[nodiscard]] Result<std::size_t> read_count(const json::value& object, std::string_view field);

}  // namespace togglecast::adapters
