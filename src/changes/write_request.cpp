#include "changes/write_request.hpp"

namespace togglecast::changes {

Result<domain::Id> WriteContext::next_id(domain::Kind kind) {
  auto known = last_.find(kind);
  if (known == last_.end()) {
    const auto last = transaction_.last_id(kind);
    if (!last) return tl::unexpected(last.error());
    known = last_.emplace(kind, *last).first;
  }
  return ++known->second;
}

}  // namespace togglecast::changes
