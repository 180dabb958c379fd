// Names and values in the query of a URL, and in bodies of `application/x-www-form-urlencoded`. Thread rule:
// pure functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace togglecast::service::oidc {

using Parameters = std::vector<std::pair<std::string_view, std::string_view>>;

/// All bytes but RFC 3986's unreserved characters as `%XX`. Servers read it in queries and in forms alike.
[[nodiscard]] std::string url_encode(std::string_view text);
/// `a=1&b=2`
[[nodiscard]] std::string form_of(const Parameters& parameters);
/// `url` with these parameters behind the query that it has.
[[nodiscard]] std::string with_query(std::string_view url, const Parameters& parameters);

}  // namespace togglecast::service::oidc
