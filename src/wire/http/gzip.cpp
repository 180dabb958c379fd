#include "wire/http/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <optional>

#include "wire/http/text.hpp"

namespace togglecast::wire::http {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib's largest window, with gzip's header
constexpr int kMemoryLevel = 8;       // zlib's default
constexpr int kNoQuality = -1;

// `0`, `0.5`, `1.000` in thousandths; nothing else is a quality.
int read_quality(std::string_view text) noexcept {
  if (text.empty() || (text.front() != '0' && text.front() != '1')) return kNoQuality;
  int thousandths = (text.front() - '0') * 1'000;
  text.remove_prefix(1);
  if (text.empty()) return thousandths;
  if (text.front() != '.' || text.size() > 4) return kNoQuality;
  int weight = 100;
  for (const char digit : text.substr(1)) {
    if (digit < '0' || digit > '9') return kNoQuality;
    thousandths += (digit - '0') * weight;
    weight /= 10;
  }
  return std::min(thousandths, 1'000);
}

// Of one element such as `gzip;q=0.5`; 1 when it has no weight.
int quality_of(std::string_view element) noexcept {
  const std::size_t semicolon = element.find(';');
  if (semicolon == std::string_view::npos) return 1'000;
  const std::string_view weight = trimmed(element.substr(semicolon + 1));
  if (weight.size() < 3 || to_lower(weight[0]) != 'q' || weight[1] != '=') return kNoQuality;
  return read_quality(weight.substr(2));
}

bool accepts(std::string_view accept_encoding, std::string_view name, std::string_view alias) noexcept {
  std::optional<int> named, any, identity;
  while (!accept_encoding.empty()) {
    const std::size_t comma = std::min(accept_encoding.find(','), accept_encoding.size());
    const std::string_view element = trimmed(accept_encoding.substr(0, comma));
    accept_encoding.remove_prefix(std::min(comma + 1, accept_encoding.size()));
    const std::string_view coding = trimmed(element.substr(0, element.find(';')));
    const int quality = quality_of(element);
    if (quality == kNoQuality) continue;
    if (equal_ignoring_case(coding, name) || equal_ignoring_case(coding, alias)) named = quality;
    if (equal_ignoring_case(coding, "identity")) identity = quality;
    if (coding == "*") any = quality;
  }
  const int quality = named.value_or(any.value_or(0));
  return quality > 0 && quality >= identity.value_or(0);
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) noexcept {
  return accepts(accept_encoding, "gzip", "x-gzip");
}

bool accepts_brotli(std::string_view accept_encoding) noexcept {
  return accepts(accept_encoding, "br", "br");
}

std::string gzip(std::string_view body, int level) {
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK)
    return {};
  std::string out(deflateBound(&stream, body.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(whole ? stream.total_out : 0);
  deflateEnd(&stream);
  return out;
}

}  // namespace togglecast::wire::http
