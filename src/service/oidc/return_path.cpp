#include "service/oidc/return_path.hpp"

#include <algorithm>

namespace togglecast::service::oidc {

bool is_own_path(std::string_view text) noexcept {
  if (text.empty() || text.size() > kLongestReturnPath || text.front() != '/') return false;
  if (text.size() > 1 && text[1] == '/') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < '\x7f' && std::string_view("\\\"<>`{}|^").find(c) == std::string_view::npos;
  });
}

}  // namespace togglecast::service::oidc
