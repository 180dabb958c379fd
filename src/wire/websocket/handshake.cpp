#include "wire/websocket/handshake.hpp"

#include <algorithm>

#include "base/base64.hpp"
#include "base/digest.hpp"

namespace togglecast::wire::websocket {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, 1.3
constexpr std::size_t kKeyDigits = 22;                                      // base64 of 16 bytes

}  // namespace

std::string accept_key(std::string_view key) {
  const Sha1 digest = sha1(std::string(key).append(kGuid));
  return base64_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

bool is_valid_key(std::string_view key) {
  return key.size() == kKeyDigits + 2 && key.ends_with("==") &&
         std::all_of(key.begin(), key.begin() + kKeyDigits, is_base64_digit);
}

}  // namespace togglecast::wire::websocket
