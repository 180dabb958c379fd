#include "service/accounts/admin_rates.hpp"

namespace togglecast::service {

Result<void> AdminRates::take(domain::Id admin, TimePoint now, double cost) {
  Milliseconds wait{0};
  {
    const std::scoped_lock lock(mutex_);
    wait = buckets_[admin].take(rate_, now, cost);
    if (remembers_ && wait == Milliseconds{0}) spent_[admin] += cost;
  }
  if (wait == Milliseconds{0}) return {};
  return too_fast("too many " + actions_ + " in a short time; slow down", wait);
}

void AdminRates::charge(domain::Id admin, TimePoint now, double cost) {
  const std::scoped_lock lock(mutex_);
  buckets_[admin].charge(rate_, now, cost);
}

void AdminRates::remember_spent() {
  const std::scoped_lock lock(mutex_);
  remembers_ = true;
}

std::vector<std::pair<domain::Id, double>> AdminRates::take_spent() {
  const std::scoped_lock lock(mutex_);
  std::vector<std::pair<domain::Id, double>> spent(spent_.begin(), spent_.end());
  spent_.clear();
  return spent;
}

}  // namespace togglecast::service
