#include "storage/process_leases.hpp"

namespace togglecast::storage {

Result<LeaseState> ProcessLeases::acquire(const std::string& lease, const std::string& holder,
                                          Milliseconds lasts) {
  const auto now = std::chrono::steady_clock::now();
  Held& held = leases_[lease];
  if (held.state.holder != holder) {
    if (!held.state.holder.empty() && now < held.until) return held.state;
    held.state = {holder, held.state.number + 1};
  }
  held.until = now + lasts;
  return held.state;
}

Result<void> ProcessLeases::release(const std::string& lease, const std::string& holder) {
  const auto held = leases_.find(lease);
  if (held != leases_.end() && held->second.state.holder == holder) held->second.state.holder.clear();
  return {};
}

Result<void> ProcessLeases::check(const Fence& fence) const {
  const auto held = leases_.find(fence.lease);
  if (held != leases_.end() && held->second.state.holder == fence.holder &&
      held->second.state.number == fence.number)
    return {};
  return tl::unexpected(lost_lease(fence));
}

}  // namespace togglecast::storage
