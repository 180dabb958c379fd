// Origins, hosts and forwarding headers (wire/http): what is read and written again is the same value, and no
// text of a client moves the hop that a proxy appended.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "support/property.hpp"
#include "wire/http/forwarded.hpp"
#include "wire/http/origin.hpp"

namespace togglecast::fuzz {
namespace {

using namespace wire::http;

void check_origin(std::string_view text) {
  if (const auto host = parse_authority(text)) {
    const auto again = parse_authority(to_string(*host));
    require(again && *again == *host, "a host that is written again is the same");
    require(!host->host.empty() && host->host.find('@') == std::string::npos, "a host has no user");
  }
  if (const auto origin = parse_origin(text)) {
    const auto again = parse_origin(to_string(*origin));
    require(again && *again == *origin, "an origin that is written again is the same");
    require(origin->scheme != "ws" && origin->scheme != "wss", "a WebSocket has the origin of a page");
  }
}

void check_forwarded(std::string_view text) {
  Headers headers;
  headers.add("Forwarded", std::string(text) + ", for=192.0.2.1");
  headers.add("X-Forwarded-For", std::string(text) + ", 192.0.2.1");
  require(x_forwarded_hops(headers).back().address == "192.0.2.1", "the appended hop is the last one");
  const auto hops = forwarded_hops(headers);
  const bool escapes = text.find('\\') != std::string_view::npos || text.find('"') != std::string_view::npos;
  require(escapes || (!hops.empty() && hops.back().address == "192.0.2.1"),
          "the appended element is the last one");
  require(hops.size() <= text.size() + 2, "there are no more hops than commas");
}

void check(std::string_view bytes) {
  check_origin(bytes);
  check_forwarded(bytes);
}

}  // namespace
}  // namespace togglecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  togglecast::fuzz::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
