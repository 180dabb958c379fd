#include "cluster/envelope.hpp"

#include <array>
#include <charconv>
#include <optional>

#include "base/base64.hpp"

namespace togglecast::cluster {
namespace {

constexpr std::string_view kVersion = "1";
constexpr std::size_t kLongestHeader = 512;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 100 &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
             std::string_view::npos;
}

template <typename Number>
std::optional<Number> read_whole(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// `fields` are node, sequence and time. The key is what verifies, so its name needs no proof.
std::string signed_text(std::string_view channel, std::string_view fields, std::string_view payload) {
  std::string text;
  text.reserve(channel.size() + fields.size() + payload.size() + 4);
  text.append(kVersion).append("\n").append(channel).append("\n").append(fields).append("\n").append(payload);
  return text;
}

}  // namespace

std::string_view to_string(Drop drop) noexcept {
  switch (drop) {
    case Drop::malformed:
      return "malformed";
    case Drop::unknown_version:
      return "unknown_version";
    case Drop::foreign:
      return "foreign";
    case Drop::replayed:
      return "replayed";
    case Drop::stale:
      return "stale";
  }
  return "";
}

std::string seal(const Envelope& message, std::string_view channel, const BusKeys& keys) {
  const std::string fields = std::string(message.node) + " " + std::to_string(message.sequence) + " " +
                             std::to_string(message.sent_at.value);
  const BusKeys::Signature signature = keys.sign(signed_text(channel, fields, message.payload));
  std::string out(kVersion);
  out.append(" ").append(signature.key).append(" ").append(fields).append(" ");
  out.append(base64url_encode(signature.mac)).append("\n").append(message.payload);
  return out;
}

tl::expected<Envelope, Drop> unseal(std::string_view bytes, std::string_view channel, const BusKeys& keys) {
  const std::size_t end = bytes.substr(0, kLongestHeader).find('\n');
  if (end == std::string_view::npos) return tl::unexpected(Drop::malformed);
  const std::string_view header = bytes.substr(0, end);
  if (!header.starts_with(std::string(kVersion) + " ")) {
    const auto version = read_whole<std::uint32_t>(header.substr(0, header.find(' ')));
    return tl::unexpected(version ? Drop::unknown_version : Drop::malformed);
  }
  std::array<std::string_view, 6> words;  // version, key, node, sequence, sent at, mac
  std::string_view rest = header;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t space = rest.find(' ');
    const bool last = i + 1 == words.size();
    if ((space == std::string_view::npos) != last) return tl::unexpected(Drop::malformed);
    words[i] = rest.substr(0, space);
    if (!last) rest.remove_prefix(space + 1);
  }
  const auto sequence = read_whole<std::uint64_t>(words[3]);
  const auto sent_at = read_whole<std::int64_t>(words[4]);
  const auto mac = base64url_decode(words[5]);
  if (!is_name(words[1]) || !is_name(words[2]) || !sequence || !sent_at || !mac)
    return tl::unexpected(Drop::malformed);
  const auto* first = words[2].data();
  const std::string_view fields(first, static_cast<std::size_t>(words[4].data() + words[4].size() - first));
  const Envelope message{words[2], *sequence, {*sent_at}, bytes.substr(end + 1)};
  if (!keys.verify(words[1], signed_text(channel, fields, message.payload), *mac))
    return tl::unexpected(Drop::foreign);
  return message;
}

tl::expected<void, Drop> ReplayGuard::admit(const Envelope& message, std::string_view channel,
                                            UnixMillis now) {
  const std::int64_t age = now.value - message.sent_at.value;
  if (age > kOldest.count() || age < -kOldest.count()) return tl::unexpected(Drop::stale);
  forget(now);
  Seen& seen = seen_[std::string(message.node) + " " + std::string(channel)];
  if (message.sequence <= seen.sequence) return tl::unexpected(Drop::replayed);
  seen = {message.sequence, now};
  return {};
}

// The sender's clock may be that much ahead: so long, a message that has been taken is not stale yet.
void ReplayGuard::forget(UnixMillis now) {
  if (now.value - forgot_at_.value < kOldest.count()) return;
  forgot_at_ = now;
  std::erase_if(seen_,
                [&](const auto& one) { return now.value - one.second.at.value > 2 * kOldest.count(); });
}

}  // namespace togglecast::cluster
