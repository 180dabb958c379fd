// What a connection keeps of the token of another issuer that opened it. Thread rule: plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "domain/schema/ids.hpp"

namespace togglecast::service {

struct IssuedBy {
  domain::Id issuer = 0;
  std::string key;             ///< the thumbprint of the key that signed
  std::int64_t issued_at = 0;  ///< seconds since 1970
};
using IssuedByPtr = std::shared_ptr<const IssuedBy>;

}  // namespace togglecast::service
