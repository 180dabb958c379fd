// The arguments of events and acknowledgements: JSON values and binary parts, made from ordinary C++ values.
//
//   socket.emit("news", 1, "text", json::value{…}, Binary{bytes});
//
// In `values`, a binary part is `{"_placeholder":true,"num":i}`, as on the wire; `binary(value)` returns its
// bytes. Thread rule: plain values.
#pragma once

#include <boost/json/value_from.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/json.hpp"
#include "base/shared_bytes.hpp"
#include "wire/socketio/packet.hpp"

namespace togglecast::socketio {

using Arguments = wire::socketio::Arguments;

/// Bytes as an argument. Clients get a Buffer, an ArrayBuffer or bytes.
struct Binary {
  SharedBytes bytes;
};

void append_argument(Arguments& args, Binary binary);
template <typename T>
void append_argument(Arguments& args, T&& value) {
  args.values.push_back(boost::json::value_from(std::forward<T>(value)));
}

/// Values and binary parts in order.
template <typename... T>
[[nodiscard]] Arguments arguments(T&&... values) {
  Arguments args;
  args.values.reserve(sizeof...(values));
  (append_argument(args, std::forward<T>(values)), ...);
  return args;
}

template <typename T>
inline constexpr bool is_binary = std::is_same_v<std::remove_cvref_t<T>, Binary>;

template <typename T>
void append_argument_text(std::string& text, T&& value) {
  if (!text.empty()) text += ',';
  if constexpr (std::is_same_v<std::remove_cvref_t<T>, json::value>) {
    json::append(text, value);
  } else {
    json::append(text, boost::json::value_from(std::forward<T>(value)));
  }
}

/// The JSON text of values without binary parts: separated by commas, without brackets.
template <typename... T>
[[nodiscard]] std::string argument_text(T&&... values) {
  static_assert(!(is_binary<T> || ...));
  constexpr std::size_t kLikely = 240;
  std::string text;
  if constexpr (sizeof...(values) > 0) text.reserve(kLikely);
  (append_argument_text(text, std::forward<T>(values)), ...);
  return text;
}

/// Stock clients end the connection at a packet with more than 10 attachments. Throws std::length_error for
/// arguments that would be one, so that the mistake shows where it is made.
void check_attachments(const Arguments& args);

/// The name of an event followed by its arguments, as the encoder expects them. Throws as
/// `check_attachments`.
[[nodiscard]] Arguments with_name(std::string_view name, Arguments args);

/// The bytes of a placeholder. nullptr if `value` is not a placeholder.
[[nodiscard]] const SharedBytes* binary(const Arguments& args, const json::value& value) noexcept;

}  // namespace togglecast::socketio
