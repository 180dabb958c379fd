#include "changes/keeping/retention.hpp"

#include <algorithm>

namespace togglecast::changes {

domain::Revision prunable(const storage::KeptLog& kept, const RetentionOptions& options,
                          const RetentionNeeds& needs) noexcept {
  domain::Revision until = options.changes > 0 ? kept.newest.revision - options.changes : 0;
  if (options.age.count() > 0)
    until = std::max(until, std::min(needs.too_old, kept.newest.revision - options.ageless));
  until = std::min({until, needs.ring, needs.checked});
  if (kept.needed > 0) until = std::min(until, kept.needed - 1);
  return std::max<domain::Revision>(until, 0);
}

}  // namespace togglecast::changes
