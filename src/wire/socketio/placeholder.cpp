#include "wire/socketio/placeholder.hpp"

#include <cmath>

namespace togglecast::wire::socketio {

std::optional<std::size_t> placeholder_index(const boost::json::object& object, std::size_t count) noexcept {
  const auto* num = object.if_contains(kPlaceholderIndex);
  if (num == nullptr || !num->is_number()) return std::nullopt;
  const double index = num->is_int64()    ? static_cast<double>(num->get_int64())
                       : num->is_uint64() ? static_cast<double>(num->get_uint64())
                                          : num->get_double();
  if (!(index >= 0) || index >= static_cast<double>(count) || index != std::floor(index)) return std::nullopt;
  return static_cast<std::size_t>(index);
}

boost::json::value make_placeholder(std::size_t index) {
  return boost::json::object{{kPlaceholderMark, true}, {kPlaceholderIndex, index}};
}

}  // namespace togglecast::wire::socketio
