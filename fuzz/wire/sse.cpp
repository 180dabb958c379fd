// Server-sent events (wire/sse): the same however cut, bounded, and what is written is read.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/property.hpp"
#include "wire/sse/event.hpp"

namespace togglecast::fuzz {
namespace {

using namespace wire::sse;

struct Read {
  std::vector<std::string> events;  // name, data and id of each
  std::string last_id;
  bool whole = true;
  friend bool operator==(const Read&, const Read&) = default;
};

Read read(const Pieces& pieces, std::size_t longest) {
  Read made;
  Decoder decoder(longest);
  for (const auto piece : pieces) {
    made.whole = decoder.feed(piece, [&](const Received& one) {
      require(one.data.size() <= longest, "an event is bounded");
      require(is_one_line(one.id) && one.name.find_first_of("\r\n") == std::string::npos,
              "names are one line");
      made.events.push_back(one.name);
      made.events.push_back(one.data);
      made.events.push_back(one.id);
    });
  }
  made.last_id = decoder.last_id();
  return made;
}

void check(std::string_view bytes) {
  constexpr std::size_t kPlenty = 1 << 20;
  const Read whole = same_however_cut(bytes, [](const Pieces& pieces) { return read(pieces, kPlenty); });
  require(whole.whole, "short streams are read");
  std::string again;
  for (std::size_t i = 0; i < whole.events.size(); i += 3)
    append(again, {.name = whole.events[i], .data = whole.events[i + 1], .id = whole.events[i + 2]});
  std::vector<std::string> with_data;
  for (std::size_t i = 0; i < whole.events.size(); i += 3) {
    if (whole.events[i + 1].empty()) continue;  // data without a line are no data
    for (std::size_t part = 0; part < 3; ++part) with_data.push_back(whole.events[i + part]);
  }
  require(read({again}, kPlenty).events == with_data, "what was written is read");
  (void)read({bytes}, 16);
}

}  // namespace
}  // namespace togglecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  togglecast::fuzz::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
