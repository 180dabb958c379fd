// Bytes of a Redis (cluster/redis). A stranger who sits there instead gets a refusal, however the bytes come.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/redis/resp.hpp"
#include "support/property.hpp"

namespace togglecast::fuzz {
namespace {

using cluster::redis::Reply;
using cluster::redis::ReplyReader;

using cluster::redis::ReplyLimits;

// An input is shorter: an unfinished reply is measured when bytes come, so a limit of bytes may depend on
// cuts.
constexpr ReplyLimits kLimits{.bytes = 8'192, .values = 100};
constexpr ReplyLimits kTight{.bytes = 64, .values = 4};
constexpr std::size_t kDeepest = 9;
constexpr std::size_t kCostOfByte = 1'024;  // values are far larger than the three bytes of the smallest one
constexpr std::size_t kCostOfReader = 256 << 10;

std::size_t values_in(const Reply& reply) {
  std::size_t values = 1;
  for (const Reply& item : reply.items) values += values_in(item);
  return values;
}

std::size_t depth_of(const Reply& reply) {
  std::size_t deepest = 0;
  for (const Reply& item : reply.items) deepest = std::max(deepest, depth_of(item));
  return deepest + 1;
}

std::string shown(const Reply& reply) {
  std::string text = std::to_string(static_cast<int>(reply.type)) + ":" + std::to_string(reply.integer) +
                     ":" + std::to_string(reply.text.size()) + ":" + reply.text + "(";
  for (const Reply& item : reply.items) text += shown(item);
  return text + ")";
}

// Every reply up to the first refusal, which is the last thing that is read.
std::vector<std::string> read(const Pieces& pieces, const ReplyLimits& limits) {
  ReplyReader reader(limits);
  std::vector<std::string> replies;
  for (const std::string_view piece : pieces) {
    reader.feed(piece);
    while (true) {
      auto next = reader.next();
      if (!next) {
        require(!next.error().message.empty(), "a refusal says why");
        require(!reader.next().has_value(), "no reply follows a refusal");
        replies.emplace_back("refused");
        return replies;
      }
      if (!next->has_value()) break;
      const Reply& reply = **next;
      require(values_in(reply) <= limits.values, "values are bounded");
      require(depth_of(reply) <= kDeepest, "depth is bounded");
      replies.push_back(shown(reply));
    }
  }
  return replies;
}

// What is written as a command reads back as an array of its words.
void check_command(std::string_view bytes) {
  std::vector<std::string> words;
  while (!bytes.empty() && words.size() < 20) {
    const std::size_t size =
        std::min<std::size_t>(bytes.size(), 1 + static_cast<unsigned char>(bytes[0]) % 16);
    words.emplace_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  ReplyReader reader(kLimits);
  reader.feed(cluster::redis::encode(words));
  const auto reply = reader.next();
  require(reply.has_value() && reply->has_value(), "a command is one whole array");
  require((*reply)->type == Reply::Type::array && (*reply)->items.size() == words.size(), "of all its words");
  for (std::size_t i = 0; i < words.size(); ++i)
    require((*reply)->items[i].text == words[i], "which are as they were");
}

}  // namespace
}  // namespace togglecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace togglecast::fuzz;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t allocated = allocated_by([&] { static_cast<void>(read({bytes}, kLimits)); });
  require(allocated <= kCostOfReader + size * kCostOfByte, "memory is bounded by what has arrived");
  static_cast<void>(same_however_cut(bytes, [](const Pieces& pieces) { return read(pieces, kLimits); }));
  static_cast<void>(read(cut_anywhere(bytes), kTight));
  check_command(bytes);
  return 0;
}
