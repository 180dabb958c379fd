#include "auth/login_throttle.hpp"

#include <algorithm>
#include <vector>

namespace togglecast::auth {
namespace {

std::string account_name(std::string_view account, std::string_view address) {
  return 'u' + std::string(account) + '\n' + std::string(address);
}
std::string address_name(std::string_view address) { return 'a' + std::string(address); }

}  // namespace

Result<void> LoginThrottle::attempt(std::string_view account, std::string_view address, TimePoint now) {
  struct Counted {
    std::string name;
    unsigned free;
  };
  std::vector<Counted> counted{{account_name(account, address), options_.free_per_account}};
  if (!address.empty()) counted.push_back({address_name(address), options_.free_per_address});

  TimePoint free_at = now;
  for (const Counted& one : counted) {
    const auto known = records_.find(one.name);
    if (known != records_.end()) free_at = std::max(free_at, known->second.blocked_until);
  }
  if (free_at > now) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(free_at - now).count();
    Error error{
        Errc::rate_limited, "too many failed logins; try again in " + std::to_string(wait) + " s", {}};
    error.retry_after_seconds = static_cast<std::uint32_t>(wait);
    return tl::unexpected(std::move(error));
  }
  for (const Counted& one : counted) {
    Record& failed = record(one.name, now);
    ++failed.failures;
    failed.last = now;
    failed.blocked_until = now + wait_after(failed.failures, one.free);
  }
  return {};
}

void LoginThrottle::succeeded(std::string_view account, std::string_view address) {
  records_.erase(account_name(account, address));
  const auto found = records_.find(address_name(address));
  if (found == records_.end()) return;
  Record& counted = found->second;
  if (--counted.failures == 0) {
    records_.erase(found);
  } else if (counted.failures <= options_.free_per_address) {
    counted.blocked_until = {};
  }
}

LoginThrottle::Record& LoginThrottle::record(const std::string& name, TimePoint now) {
  const auto found = records_.find(name);
  if (found == records_.end()) {
    make_room();
    return records_[name] = Record{0, now, {}};
  }
  if (now - found->second.last > options_.forget_after) found->second = {};
  return found->second;
}

void LoginThrottle::make_room() {
  if (records_.size() < options_.capacity) return;
  const auto oldest = std::min_element(records_.begin(), records_.end(), [](const auto& a, const auto& b) {
    return a.second.last < b.second.last;
  });
  records_.erase(oldest);
}

std::chrono::seconds LoginThrottle::wait_after(unsigned failures, unsigned free) const {
  if (failures <= free) return std::chrono::seconds{0};
  const unsigned doublings = std::min(failures - free - 1, 20U);
  return std::min(options_.longest_wait, options_.first_wait * (std::chrono::seconds::rep{1} << doublings));
}

}  // namespace togglecast::auth
