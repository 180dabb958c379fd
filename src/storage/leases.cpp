#include "storage/leases.hpp"

namespace togglecast::storage {

Error lost_lease(const Fence& fence) {
  return {
      Errc::conflict, "another node has the lease '" + fence.lease + "' by now; this one does nothing", {}};
}

}  // namespace togglecast::storage
