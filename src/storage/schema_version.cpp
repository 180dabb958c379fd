#include "storage/schema_version.hpp"

#include <string>

namespace togglecast::storage {

Result<void> check_schema_version(std::int64_t stored, std::int64_t known) {
  if (stored <= known) return {};
  return fail(Errc::unavailable, "the data was written by a newer Togglecast (schema " +
                                     std::to_string(stored) + ", this program knows " +
                                     std::to_string(known) +
                                     "); start the newer one, or restore a backup from before the upgrade");
}

}  // namespace togglecast::storage
