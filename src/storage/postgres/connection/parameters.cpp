#include "storage/postgres/connection/parameters.hpp"

#include <algorithm>
#include <utility>

namespace togglecast::storage::postgres {
namespace {

// pg_type.oid
constexpr unsigned kBytes = 17, kNumber = 20, kText = 25, kTexts = 1'009, kNumbers = 1'016;

template <typename Integer>
void append(std::string& bytes, Integer value) {
  for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8)
    bytes += static_cast<char>(static_cast<std::uint64_t>(value) >> shift & 0xff);
}

// array := dimensions:int32 has_null:int32 element_type:uint32 (length:int32 first:int32) (size:int32 bytes)*
std::string array_head(unsigned element, std::size_t length) {
  std::string bytes;
  append(bytes, std::int32_t{length == 0 ? 0 : 1});
  append(bytes, std::int32_t{0});
  append(bytes, element);
  if (length == 0) return bytes;
  append(bytes, static_cast<std::int32_t>(length));
  append(bytes, std::int32_t{1});
  return bytes;
}

std::string without_nul(std::string_view text) {
  std::string clean(text);
  std::replace(clean.begin(), clean.end(), '\0', ' ');
  return clean;
}

}  // namespace

Parameters& Parameters::add(std::int64_t number) {
  std::string bytes;
  append(bytes, number);
  values_.push_back({kNumber, std::move(bytes)});
  return *this;
}

Parameters& Parameters::add(std::string_view text) {
  values_.push_back({kText, without_nul(text)});
  return *this;
}

Parameters& Parameters::add_bytes(std::string_view bytes) {
  values_.push_back({kBytes, std::string(bytes)});
  return *this;
}

Parameters& Parameters::add(const std::vector<std::int64_t>& numbers) {
  std::string bytes = array_head(kNumber, numbers.size());
  for (const std::int64_t number : numbers) {
    append(bytes, std::int32_t{sizeof number});
    append(bytes, number);
  }
  values_.push_back({kNumbers, std::move(bytes)});
  return *this;
}

Parameters& Parameters::add(const std::vector<std::string_view>& texts) {
  std::string bytes = array_head(kText, texts.size());
  for (const std::string_view text : texts) {
    append(bytes, static_cast<std::int32_t>(text.size()));
    bytes += without_nul(text);
  }
  values_.push_back({kTexts, std::move(bytes)});
  return *this;
}

}  // namespace togglecast::storage::postgres
