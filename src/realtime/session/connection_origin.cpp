#include "realtime/session/connection_origin.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <limits>

namespace togglecast::realtime {
namespace {

// Of an IPv4 address in IPv6, RFC 4291, 2.5.5.2.
constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr std::size_t kLongestSdk = 64;  // bytes

}  // namespace

void ConnectionOrigin::set_address(std::string_view text) noexcept {
  address = {};
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  text = text.substr(0, text.find('%'));  // without the zone
  if (text.size() >= terminated.size()) return;
  std::copy(text.begin(), text.end(), terminated.begin());
  std::array<std::uint8_t, 4> narrow{};
  if (::inet_pton(AF_INET, terminated.data(), narrow.data()) == 1) {
    std::copy(kMapped.begin(), kMapped.end(), address.begin());
    std::copy(narrow.begin(), narrow.end(), address.begin() + kMapped.size());
  } else if (::inet_pton(AF_INET6, terminated.data(), address.data()) != 1) {
    address = {};
  }
}

void ConnectionOrigin::set_since(UnixMillis began) noexcept {
  constexpr std::int64_t kLatest = std::numeric_limits<std::uint32_t>::max();
  since = static_cast<std::uint32_t>(std::clamp<std::int64_t>(began.value / 1'000, 0, kLatest));
}

std::string ConnectionOrigin::address_text() const {
  if (std::all_of(address.begin(), address.end(), [](std::uint8_t byte) { return byte == 0; })) return {};
  const bool narrow = std::equal(kMapped.begin(), kMapped.end(), address.begin());
  std::array<char, INET6_ADDRSTRLEN> text{};
  const char* const written = ::inet_ntop(
      narrow ? AF_INET : AF_INET6, address.data() + (narrow ? kMapped.size() : 0), text.data(), text.size());
  return written == nullptr ? std::string() : std::string(written);
}

Result<std::string> sdk_in(const json::value& auth) {
  const auto* sdk = json::find(auth, "sdk");
  if (sdk == nullptr || sdk->is_null()) return std::string();
  const auto* text = sdk->if_string();
  const bool usable = text != nullptr && !text->empty() && text->size() <= kLongestSdk &&
                      std::all_of(text->begin(), text->end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (!usable)
    return fail_field("/sdk", "must be a string of 1 to 64 printable ASCII characters, such as 'my-app/1.0'");
  return std::string(*text);
}

std::uint16_t SdkNames::number_of(const std::string& name) {
  if (name.empty()) return 0;
  const std::scoped_lock lock(mutex_);
  const auto known = numbers_.find(name);
  if (known != numbers_.end()) return known->second;
  if (names_.size() == kMost) return 0;
  names_.push_back(name);
  const auto number = static_cast<std::uint16_t>(names_.size());
  numbers_.emplace(name, number);
  return number;
}

std::string SdkNames::name_of(std::uint16_t number) const {
  const std::scoped_lock lock(mutex_);
  return number == 0 || number > names_.size() ? std::string() : names_[number - 1];
}

}  // namespace togglecast::realtime
