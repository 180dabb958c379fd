#include "wire/websocket/handshake.hpp"

#include <boost/uuid/detail/sha1.hpp>

#include "base/base64.hpp"

namespace togglecast::wire::websocket {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, 1.3
constexpr std::size_t kKeyBytes = 16;

}  // namespace

std::string accept_key(std::string_view key) {
  boost::uuids::detail::sha1 hash;
  hash.process_bytes(key.data(), key.size());
  hash.process_bytes(kGuid.data(), kGuid.size());
  boost::uuids::detail::sha1::digest_type words;
  hash.get_digest(words);
  std::string digest;
  for (const unsigned word : words) {
    for (int shift = 24; shift >= 0; shift -= 8) digest += static_cast<char>(word >> shift & 0xff);
  }
  return base64_encode(digest);
}

bool is_valid_key(std::string_view key) {
  if (key.size() != 24 || !key.ends_with("==")) return false;
  const auto bytes = base64_decode(key);
  return bytes && bytes->size() == kKeyBytes;
}

}  // namespace togglecast::wire::websocket
