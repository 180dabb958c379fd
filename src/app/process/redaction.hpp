// Takes secrets out of text that is logged: tokens by their form, and whatever a member or parameter holds
// whose name says that it is secret. Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace togglecast::app {

inline constexpr std::string_view kRedacted = "[redacted]";

/// `token`, `new_password`, `Authorization`, `apiKey`, `set-cookie` and the like.
[[nodiscard]] bool is_secret_name(std::string_view name);
/// Replaces every signed token (JWT) in `text`, also within a longer word.
[[nodiscard]] std::string without_tokens(std::string_view text);
/// Replaces the values of all members with a secret name, at every level, and the tokens in all other text.
void redact(json::value& value);
/// A query as sent, `EIO=4&token=…`: the values of secret names and of `sid` are replaced, and tokens.
[[nodiscard]] std::string redacted_query(std::string_view query);

}  // namespace togglecast::app
