// PROXY headers (wire/proxy): bounded, judged by their own bytes alone, and the same however they are cut.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "support/property.hpp"
#include "wire/proxy/header.hpp"

namespace togglecast::fuzz {
namespace {

constexpr std::size_t kLongest = 16 + wire::proxy::kLongestV2Body;

// What a reader makes of the bytes that have arrived so far, piece by piece. It stops at the first outcome.
std::string outcome(const Pieces& pieces) {
  std::string arrived;
  for (const std::string_view piece : pieces) {
    arrived += piece;
    const auto decoded = wire::proxy::decode(arrived);
    if (!decoded) return "refused";
    if (*decoded) return std::to_string((*decoded)->size) + ' ' + (*decoded)->source;
  }
  return "incomplete";
}

void check(std::string_view bytes) {
  (void)same_however_cut(bytes, outcome);
  const auto decoded = wire::proxy::decode(bytes);
  if (!decoded) return require(!decoded.error().message.empty(), "a refusal says why");
  if (!*decoded) return require(bytes.size() < kLongest, "a header that is not complete has a bound");
  const std::size_t size = (*decoded)->size;
  require(size > 0 && size <= bytes.size() && size <= kLongest,
          "a header lies within its bytes and its bound");
  require(outcome({bytes.substr(0, size)}) == outcome({bytes}), "what follows a header does not change it");
  require(outcome({bytes.substr(0, size - 1)}) == "incomplete",
          "a header without its last byte is not complete");
}

}  // namespace
}  // namespace togglecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  togglecast::fuzz::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
