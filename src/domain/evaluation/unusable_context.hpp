// The stand-in for a context that was sent and cannot be used. Rules that read the context then answer ERROR,
// so that nothing opens because the context is missing. Thread rule: a constant.
#pragma once

#include <memory>

#include "base/json.hpp"

namespace togglecast::domain::evaluation {

/// An empty object, told apart by its address: `Subject::context` points to it.
[[nodiscard]] inline const std::shared_ptr<const json::object>& unusable_context() {
  static const auto stand_in = std::make_shared<const json::object>();
  return stand_in;
}

}  // namespace togglecast::domain::evaluation
