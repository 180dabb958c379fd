#include "domain/state/flag_name.hpp"

namespace togglecast::domain {

FlatName parse_flat_name(std::string_view text) noexcept {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {text};
  return {text.substr(0, slash), text.substr(slash + 1)};
}

NamedFlag find_flag(const Snapshot& state, const json::value& name) {
  if (const auto* text = name.if_string()) {
    const FlatName flat = parse_flat_name(*text);
    NamedFlag found{state.find_by_key<Feature>(flat.feature)};
    if (flat.sub_feature) found.sub_feature = std::string(*flat.sub_feature);
    return found;
  }
  const auto id = integer_in(name);
  return {id ? state.find<Feature>(*id) : nullptr};
}

}  // namespace togglecast::domain
