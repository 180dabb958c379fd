#include "domain/schema/kind.hpp"

namespace togglecast::domain {

std::string_view to_string(Kind kind) noexcept {
  switch (kind) {
    case Kind::platform:
      return "platform";
    case Kind::feature:
      return "feature";
    case Kind::segment:
      return "segment";
    case Kind::package:
      return "package";
    case Kind::client:
      return "client";
    case Kind::token:
      return "token";
    case Kind::admin:
      return "admin";
    case Kind::signing_key:
      return "signing_key";
    case Kind::environment:
      return "environment";
    case Kind::api_key:
      return "api_key";
    case Kind::issuer:
      return "issuer";
    case Kind::settings:
      return "settings";
    case Kind::second_factor:
      return "second_factor";
  }
  return "";
}

std::optional<Kind> parse_kind(std::string_view text) noexcept {
  for (const Kind kind : kAllKinds)
    if (text == to_string(kind)) return kind;
  return std::nullopt;
}

}  // namespace togglecast::domain
