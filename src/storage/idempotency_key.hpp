// The name of a request. Thread rule: a plain value.
#pragma once

#include <string>

#include "base/digest.hpp"

namespace togglecast::storage {

/// Names a request that its sender may repeat.
struct IdempotencyKey {
  std::string actor;  ///< the sender; equal keys of different actors are different
  std::string key;
  Sha256 request{};  ///< digest of the request, to notice a key that is used for two different ones
};

}  // namespace togglecast::storage
