#include "engineio/session_id.hpp"

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include "base/base64.hpp"
#include "net/shard_limit.hpp"

namespace togglecast::engineio {

SessionId make_session_id(std::size_t shard, RandomSource& random) {
  std::array<std::uint8_t, 15> raw{};
  random.fill(raw);
  static_assert(net::kMostShards - 1 <= std::numeric_limits<std::uint8_t>::max());
  raw[0] = static_cast<std::uint8_t>(shard);
  const std::string text = base64url_encode({reinterpret_cast<const char*>(raw.data()), raw.size()});
  SessionId id{};
  text.copy(id.data(), id.size());
  return id;
}

std::optional<SessionId> to_session_id(std::string_view text) noexcept {
  SessionId id;
  if (text.size() != id.size()) return std::nullopt;
  text.copy(id.data(), id.size());
  return id;
}

std::optional<std::size_t> shard_named_in(std::string_view sid) {
  if (sid.size() != SessionId{}.size()) return std::nullopt;
  const auto first = base64url_decode(sid.substr(0, 4));
  if (!first) return std::nullopt;
  return static_cast<unsigned char>(first->front());
}

std::size_t hash_of(const SessionId& id) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, id.data() + 8, sizeof bits);
  return static_cast<std::size_t>(bits * 0x9e3779b97f4a7c15ULL);
}

}  // namespace togglecast::engineio
