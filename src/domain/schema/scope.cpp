#include "domain/schema/scope.hpp"

namespace togglecast::domain {

std::string_view to_string(Scope scope) noexcept {
  switch (scope) {
    case Scope::read:
      return "read";
    case Scope::write_platforms:
      return "write:platforms";
    case Scope::write_features:
      return "write:features";
    case Scope::write_segments:
      return "write:segments";
    case Scope::write_packages:
      return "write:packages";
    case Scope::write_clients:
      return "write:clients";
    case Scope::evaluate:
      return "evaluate";
    case Scope::stream:
      return "stream";
    case Scope::flagd:
      return "flagd";
  }
  return "";
}

std::optional<Scope> parse_scope(std::string_view text) noexcept {
  for (const Scope scope : kAllScopes)
    if (text == to_string(scope)) return scope;
  return std::nullopt;
}

}  // namespace togglecast::domain
