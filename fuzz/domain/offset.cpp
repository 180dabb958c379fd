// Offsets, ids and keys (domain): one spelling each, and nothing else is read.
#include "domain/state/offset.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "domain/schema/ids.hpp"
#include "support/property.hpp"

namespace togglecast::fuzz {
namespace {

void check_text(std::string_view text) {
  std::optional<domain::TaggedOffset> read;
  const std::size_t allocated = allocated_by([&] { read = domain::parse_tagged_offset(text); });
  require(allocated == 0, "reading an offset costs no memory");
  if (read) {
    const domain::Offset& offset = read->offset;
    require(offset.epoch >= 0 && offset.epoch <= domain::kMaxId, "an epoch is a safe number");
    require(offset.revision >= 0 && offset.revision <= domain::kMaxId, "a revision is a safe number");
    require(read->tag.empty() || read->tag.size() == domain::kOffsetTag, "a tag has its length");
    require(domain::to_string(offset, read->tag) == text, "an offset has one spelling");
  }
  require(domain::parse_offset(text).has_value() == read.has_value(),
          "with or without its tag, an offset is one");
  const domain::Id id = domain::parse_id(text);
  if (id != 0) require(domain::is_id(id) && std::to_string(id) == text, "an id has one spelling");
  if (!domain::is_key(text)) return;
  require(text.size() <= 100 && text.find_first_of(" /\r\n,\"\\") == text.npos, "a key has no separators");
  const std::string first = domain::first_in_case(text);
  require(domain::is_key(first) && domain::same_but_for_case(first, text),
          "keys may be written in upper case");
  require(!domain::KeyOrder{}(text, first), "the spelling in upper case comes first");
  require(domain::KeyOrder{}(first, text) == (first != text), "the order tells spellings apart");
}

// Any numbers that an offset may hold.
void check_numbers(std::string_view bytes) {
  std::uint64_t numbers[3] = {};
  bytes.copy(reinterpret_cast<char*>(numbers), sizeof numbers);
  const domain::Offset offset{static_cast<std::int64_t>(numbers[0]) & domain::kMaxId,
                              static_cast<std::int64_t>(numbers[1]) & domain::kMaxId, numbers[2]};
  require(domain::parse_offset(domain::to_string(offset)) == offset, "what is written is read back");
  require(domain::parse_offset(domain::to_string(offset, "Zm9v_m-y")) == offset, "a tag changes no position");
}

}  // namespace
}  // namespace togglecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  togglecast::fuzz::check_text(bytes);
  togglecast::fuzz::check_numbers(bytes);
  return 0;
}
