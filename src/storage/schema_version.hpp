// What a server makes of the version of a stored schema; one rule for all stores. Thread rule: pure.
#pragma once

#include <cstdint>

#include "base/error.hpp"

namespace togglecast::storage {

/// `unavailable` when the schema is newer than the newest that this program knows. An older one is migrated.
[[nodiscard]] Result<void> check_schema_version(std::int64_t stored, std::int64_t known);

}  // namespace togglecast::storage
