#include "net/tls_ticket_keys.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace togglecast::net {

TicketKeys::Key::~Key() {
  OPENSSL_cleanse(cipher.data(), cipher.size());
  OPENSSL_cleanse(mac.data(), mac.size());
}

void TicketKeys::forget_old(TimePoint now) {
  if (current_ && now >= current_->made + lifetime_) {
    previous_ = current_;
    current_.reset();
  }
  if (previous_ && now >= previous_->made + 2 * lifetime_) previous_.reset();
}

TicketKeys::Key TicketKeys::current(TimePoint now) {
  const std::scoped_lock lock(mutex_);
  forget_old(now);
  if (!current_) {
    current_.emplace(now);
    random_.fill(current_->key.name);
    random_.fill(current_->key.cipher);
    random_.fill(current_->key.mac);
  }
  return current_->key;
}

std::optional<TicketKeys::Found> TicketKeys::find(std::span<const std::uint8_t, kNameBytes> name,
                                                  TimePoint now) {
  const std::scoped_lock lock(mutex_);
  forget_old(now);
  const auto is = [name](const std::optional<Dated>& dated) {
    return dated && std::equal(name.begin(), name.end(), dated->key.name.begin());
  };
  if (is(current_)) return Found{current_->key, true};
  if (is(previous_)) return Found{previous_->key, false};
  return std::nullopt;
}

}  // namespace togglecast::net
