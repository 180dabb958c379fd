#include "engineio/session_id.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "net/shard_limit.hpp"

namespace togglecast::engineio {
namespace {

constexpr std::size_t kShardByte = 2;  // of the bytes that the text encodes: characters 2 and 3
constexpr std::size_t kNamingCharacters = 4;

bool is_base64url(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

std::optional<NodeTag> to_node_tag(std::string_view text) noexcept {
  NodeTag tag{};
  if (text.size() != tag.size() || !is_base64url(text)) return std::nullopt;
  text.copy(tag.data(), tag.size());
  return tag;
}

NodeTag node_tag_of(std::string_view text) {
  const Sha256 digest = sha256(text);
  const std::string letters = base64url_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
  return {letters[0], letters[1]};
}

SessionId make_session_id(const std::optional<NodeTag>& node, std::size_t shard, RandomSource& random) {
  std::array<std::uint8_t, 15> raw{};
  random.fill(raw);
  static_assert(net::kMostShards - 1 <= std::numeric_limits<std::uint8_t>::max());
  raw[kShardByte] = static_cast<std::uint8_t>(shard);
  const std::string text = base64url_encode({reinterpret_cast<const char*>(raw.data()), raw.size()});
  SessionId id{};
  text.copy(id.data(), id.size());
  if (node) std::copy(node->begin(), node->end(), id.begin());
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
  const auto naming = base64url_decode(sid.substr(0, kNamingCharacters));
  if (!naming) return std::nullopt;
  return static_cast<unsigned char>((*naming)[kShardByte]);
}

bool is_of_other_node(std::string_view sid, const NodeTag& node) noexcept {
  return sid.size() == SessionId{}.size() && is_base64url(sid) &&
         sid.substr(0, node.size()) != std::string_view(node.data(), node.size());
}

std::size_t hash_of(const SessionId& id) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, id.data() + 8, sizeof bits);
  return static_cast<std::size_t>(bits * 0x9e3779b97f4a7c15ULL);
}

}  // namespace togglecast::engineio
