#include "base/base64.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <stdexcept>

namespace togglecast {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // OpenSSL counts with int

const unsigned char* unsigned_bytes(std::string_view bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

int checked_size(std::string_view bytes) {
  if (bytes.size() > kMostBytes) throw std::length_error("base64: more than a gigabyte");
  return static_cast<int>(bytes.size());
}

char to_standard(char c) noexcept { return c == '-' ? '+' : c == '_' ? '/' : c; }

// `digits`: standard alphabet, without padding.
std::optional<std::string> decode(std::string digits) {
  const std::size_t padding = (4 - digits.size() % 4) % 4;
  digits.append(padding, '=');
  std::string bytes(digits.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), unsigned_bytes(digits),
                                   checked_size(digits));
  if (size < static_cast<int>(padding)) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size) - padding);  // OpenSSL counts padding as bytes
  return bytes;
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  const int size = checked_size(bytes);
  const std::size_t start = out.size();
  out.resize(start + (bytes.size() + 2) / 3 * 4);
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data() + start), unsigned_bytes(bytes), size);
}

std::string base64_encode(std::string_view bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

std::string base64url_encode(std::string_view bytes) {
  std::string out = base64_encode(bytes);
  out.resize(std::min(out.size(), out.find('=')));
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return out;
}

std::optional<std::string> base64url_decode(std::string_view text) {
  std::string digits(text);
  std::transform(digits.begin(), digits.end(), digits.begin(), to_standard);
  auto bytes = decode(std::move(digits));
  // OpenSSL ignores spaces at both ends and bits that no byte uses.
  if (bytes && base64url_encode(*bytes) != text) return std::nullopt;
  return bytes;
}

std::string base64_decode_lenient(std::string_view text) {
  std::string digits;
  digits.reserve(text.size() + 3);
  for (char c : text.substr(0, text.find('='))) {
    c = to_standard(c);
    if (is_base64_digit(c)) digits += c;
  }
  if (digits.size() % 4 == 1) digits.pop_back();  // six bits are no byte
  return decode(std::move(digits)).value_or(std::string{});
}

}  // namespace togglecast
