// Pickles of strangers (adapters/codec): plain values or a refusal, whatever the bytes are.
#include "adapters/codec/pickle.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/codec/python_codec.hpp"
#include "base/json.hpp"
#include "base/utf8.hpp"
#include "support/property.hpp"

namespace togglecast::fuzz {
namespace {

constexpr adapters::PackedLimits kLimits{.bytes = 8'192, .depth = 32, .values = 1'000};

std::size_t depth_of(const json::value& value) {
  std::size_t deepest = 0;
  if (const auto* list = value.if_array()) {
    for (const auto& element : *list) deepest = std::max(deepest, depth_of(element));
  } else if (const auto* object = value.if_object()) {
    for (const auto& member : *object) deepest = std::max(deepest, depth_of(member.value()));
  } else {
    return 0;
  }
  return deepest + 1;
}

void check_pickle(std::string_view bytes) {
  std::optional<Result<adapters::UnpickledMessage>> read;
  const std::size_t allocated = allocated_by([&] { read = adapters::read_pickle(bytes, kLimits); });
  require(allocated < (2U << 20U), "memory is bounded by the limits");
  if (!*read) {
    require(!read->error().message.empty(), "a refusal says why");
    return;
  }
  const auto& message = (*read)->message;
  require(message.value.is_object(), "a message is a dictionary");
  require(depth_of(message.value) <= kLimits.depth, "depth is bounded");
  const std::string text = json::serialize(message.value);
  require(is_valid_utf8(text), "text is UTF-8");
  require(json::parse(text).has_value(), "what was read is JSON");
  for (const auto& name : (*read)->tuples)
    require(!name.empty() || message.value.get_object().contains(""), "tuples are members");
}

}  // namespace
}  // namespace togglecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  togglecast::fuzz::check_pickle(bytes);
  const auto message = togglecast::adapters::read_python(bytes, togglecast::fuzz::kLimits);
  static_cast<void>(message);
  return 0;
}
