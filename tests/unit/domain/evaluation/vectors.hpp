// The vectors in tests/vectors/evaluation, which other languages read too.
#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "base/json.hpp"

namespace togglecast::domain::evaluation::testing {

inline json::value vectors(const std::string& name) {
  std::ifstream file(std::string(TOGGLECAST_SOURCE_DIR) + "/tests/vectors/evaluation/" + name);
  std::stringstream text;
  text << file.rdbuf();
  auto parsed = json::parse(text.str());
  if (!parsed) throw std::runtime_error(name + ": " + parsed.error().message);
  return *parsed;
}

/// Null when there is no such member.
inline json::value member(const json::value& json, std::string_view name) {
  const json::value* found = json::find(json, name);
  return found == nullptr ? json::value(nullptr) : *found;
}

}  // namespace togglecast::domain::evaluation::testing
