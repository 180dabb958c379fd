#include "wire/proxy/header.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace togglecast::wire::proxy {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kV1 = "PROXY ";
constexpr std::string_view kV2 = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t kV2Head = 16;

using Decoded = Result<std::optional<Header>>;

tl::unexpected<Error> refuse(const std::string& reason) {
  return fail(Errc::parse_error, "PROXY header: " + reason);
}

// Whether `received` may become something that begins with `start`.
bool agrees(std::string_view received, std::string_view start) {
  const std::size_t common = std::min(received.size(), start.size());
  return received.substr(0, common) == start.substr(0, common);
}

// The text before the next space. Nothing behind the last one.
std::optional<std::string_view> take_word(std::optional<std::string_view>& rest) {
  if (!rest) return std::nullopt;
  const std::size_t space = rest->find(' ');
  const std::string_view word = rest->substr(0, space);
  if (space == std::string_view::npos) {
    rest.reset();
  } else {
    rest = rest->substr(space + 1);
  }
  return word;
}

bool is_address(int family, const std::optional<std::string_view>& text) {
  if (!text) return false;
  in6_addr bytes{};
  return ::inet_pton(family, std::string(*text).c_str(), &bytes) == 1;
}

bool is_port(const std::optional<std::string_view>& text) {
  if (!text || text->empty() || (text->size() > 1 && text->front() == '0')) return false;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), port);
  return error == std::errc{} && end == text->data() + text->size();
}

Decoded decode_v1(std::string_view received) {
  const std::size_t end = std::min(received.find('\r'), received.size());
  const auto* const odd = std::find_if(received.begin(), received.begin() + static_cast<std::ptrdiff_t>(end),
                                       [](char c) { return c < ' ' || c > '~'; });
  if (odd != received.begin() + static_cast<std::ptrdiff_t>(end))
    return refuse("byte " + std::to_string(odd - received.begin() + 1) + " is not printable");
  if (end + 2 > kLongestV1) return refuse("the line is longer than 107 bytes");
  if (end + 1 >= received.size()) return std::nullopt;
  if (received[end + 1] != '\n') return refuse("a carriage return without a line feed");

  std::optional<std::string_view> rest = received.substr(kV1.size(), end - kV1.size());
  const auto protocol = take_word(rest);
  if (protocol == "UNKNOWN") return Header{end + 2, {}};
  if (protocol != "TCP4" && protocol != "TCP6") return refuse("the protocol is not TCP4, TCP6 or UNKNOWN");
  const int family = protocol == "TCP4" ? AF_INET : AF_INET6;
  const auto source = take_word(rest);
  const auto destination = take_word(rest);
  if (!is_address(family, source)) return refuse("the source is not an address of " + std::string(*protocol));
  if (!is_address(family, destination))
    return refuse("the destination is not an address of " + std::string(*protocol));
  const auto source_port = take_word(rest);
  const auto destination_port = take_word(rest);
  if (!is_port(source_port) || !is_port(destination_port))
    return refuse("a port is not a number from 0 to 65535");
  if (rest) return refuse("the line has more than six words");
  return Header{end + 2, std::string(*source)};
}

std::string text_of(int family, std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  in6_addr address{};
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(&address));
  return ::inet_ntop(family, &address, text.data(), text.size()) == nullptr ? "" : text.data();
}

// The addresses of one family: their bytes in front of the TLVs, and those of the source among them.
struct Layout {
  int family;
  std::size_t bytes, source;
};
constexpr std::array<Layout, 4> kLayouts{
    {{AF_UNSPEC, 0, 0}, {AF_INET, 12, 4}, {AF_INET6, 36, 16}, {AF_UNIX, 216, 0}}};

constexpr unsigned char kSsl = 0x20;         // PP2_TYPE_SSL
constexpr unsigned char kClientUsesTls = 1;  // PP2_CLIENT_SSL

// TLVs end where one is longer than the header.
bool tells_of_tls(std::string_view tlvs) {
  const auto byte = [&tlvs](std::size_t at) { return static_cast<unsigned char>(tlvs[at]); };
  while (tlvs.size() >= 3) {
    const std::size_t length = byte(1) * std::size_t{256} + byte(2);
    if (length > tlvs.size() - 3) return false;
    if (byte(0) == kSsl && length > 0) return (byte(3) & kClientUsesTls) != 0;
    tlvs.remove_prefix(3 + length);
  }
  return false;
}

Decoded decode_v2(std::string_view received) {
  const auto byte = [&received](std::size_t at) { return static_cast<unsigned char>(received[at]); };
  const auto has = [&received](std::size_t bytes) { return received.size() >= bytes; };
  if (!has(kV2.size() + 1)) return std::nullopt;
  const unsigned version = byte(12) >> 4U, command = byte(12) & 15U;
  if (version != 2) return refuse("byte 13 does not say version 2");
  if (command > 1) return refuse("byte 13 has an unknown command");
  if (!has(kV2.size() + 2)) return std::nullopt;
  const unsigned family = byte(13) >> 4U, transport = byte(13) & 15U;
  if (family >= kLayouts.size() || transport > 2) return refuse("byte 14 has an unknown family or transport");
  if (!has(kV2Head)) return std::nullopt;
  const std::size_t length = byte(14) * std::size_t{256} + byte(15);
  if (length > kLongestV2Body) return refuse("it is longer than 2064 bytes");
  const Layout& layout = kLayouts[family];
  const bool local = command == 0;
  if (!local && transport == 2) return refuse("byte 14 says datagrams, and this is a stream");
  if (!local && length < layout.bytes) return refuse("it is too short for its addresses");
  if (!has(kV2Head + length)) return std::nullopt;
  Header header{kV2Head + length, {}};
  if (local) return header;
  if (layout.source > 0) header.source = text_of(layout.family, received.substr(kV2Head, layout.source));
  header.secure = tells_of_tls(received.substr(kV2Head + layout.bytes, length - layout.bytes));
  return header;
}

}  // namespace

Result<std::optional<Header>> decode(std::string_view received) {
  if (agrees(received, kV1)) {
    if (received.size() < kV1.size()) return std::nullopt;
    return decode_v1(received);
  }
  if (agrees(received, kV2)) return decode_v2(received);
  return refuse("the connection does not begin with one");
}

}  // namespace togglecast::wire::proxy
