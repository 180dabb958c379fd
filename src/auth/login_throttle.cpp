#include "auth/login_throttle.hpp"

#include <algorithm>
#include <tuple>

namespace togglecast::auth {
namespace {

std::string pair_of(const LoginAttempt& attempt) { return attempt.account + '\n' + attempt.address; }

}  // namespace

Result<void> LoginThrottle::check(const LoginAttempt& attempt, TimePoint now) const {
  TimePoint free_at = now;
  const auto wait_for = [&free_at](const Table& table, const std::string& name) {
    const auto found = table.find(name);
    if (found != table.end()) free_at = std::max(free_at, found->second.blocked_until);
  };
  const ByName& names = names_[attempt.exists ? 1 : 0];
  wait_for(names.pairs, pair_of(attempt));
  if (!attempt.address.empty() && !knows(attempt)) {
    wait_for(names.accounts, attempt.account);
    wait_for(addresses_, attempt.address);
  }
  if (free_at == now) return {};
  const auto wait = std::chrono::ceil<std::chrono::seconds>(free_at - now).count();
  return too_fast("too many failed logins; try again in " + std::to_string(wait) + " s",
                  std::chrono::seconds(wait));
}

void LoginThrottle::failed(const LoginAttempt& attempt, TimePoint now) {
  ByName& names = names_[attempt.exists ? 1 : 0];
  count(names.pairs, pair_of(attempt), options_.free_per_pair, options_.longest_wait, now);
  if (attempt.address.empty()) return;
  count(names.accounts, attempt.account, options_.free_per_account, options_.longest_account_wait, now);
  count(addresses_, attempt.address, options_.free_per_address, options_.longest_wait, now);
}

void LoginThrottle::succeeded(const LoginAttempt& attempt) {
  names_[attempt.exists ? 1 : 0].pairs.erase(pair_of(attempt));
  if (attempt.address.empty()) return;
  if (known_.size() >= options_.capacity && !known_.contains(attempt.account)) known_.erase(known_.begin());
  auto& addresses = known_[attempt.account];
  std::erase(addresses, attempt.address);
  addresses.push_back(attempt.address);
  if (addresses.size() > options_.known_addresses) addresses.erase(addresses.begin());
}

std::size_t LoginThrottle::remembered() const noexcept {
  std::size_t records = addresses_.size();
  for (const ByName& names : names_) records += names.pairs.size() + names.accounts.size();
  return records;
}

bool LoginThrottle::knows(const LoginAttempt& attempt) const {
  const auto found = known_.find(attempt.account);
  if (found == known_.end()) return false;
  const auto& addresses = found->second;
  return std::find(addresses.begin(), addresses.end(), attempt.address) != addresses.end();
}

void LoginThrottle::count(Table& table, const std::string& name, unsigned free, std::chrono::seconds longest,
                          TimePoint now) {
  if (!table.contains(name)) make_room(table, now);
  Record& record = table[name];
  if (now - record.last > options_.forget_after) record = {};
  ++record.failures;
  record.last = now;
  record.blocked_until = now + wait_after(record.failures, free, longest);
}

void LoginThrottle::make_room(Table& table, TimePoint now) const {
  if (table.size() < options_.capacity) return;
  std::erase_if(table, [&](const auto& entry) { return now - entry.second.last > options_.forget_after; });
  if (table.size() < options_.capacity) return;
  table.erase(std::min_element(table.begin(), table.end(), [](const auto& a, const auto& b) {
    return std::tie(a.second.failures, a.second.last) < std::tie(b.second.failures, b.second.last);
  }));
}

std::chrono::seconds LoginThrottle::wait_after(unsigned failures, unsigned free,
                                               std::chrono::seconds longest) const {
  if (failures <= free) return std::chrono::seconds{0};
  const unsigned doublings = std::min(failures - free - 1, 20U);
  return std::min(longest, options_.first_wait * (std::chrono::seconds::rep{1} << doublings));
}

}  // namespace togglecast::auth
