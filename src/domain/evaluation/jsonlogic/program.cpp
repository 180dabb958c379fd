#include "domain/evaluation/jsonlogic/program.hpp"

#include <algorithm>

#include "domain/schema/fields.hpp"
#include "domain/schema/weight.hpp"

namespace togglecast::domain::evaluation {
namespace {

template <typename T>
void merge_sorted(std::vector<T>& into, const std::vector<T>& from) {
  into.insert(into.end(), from.begin(), from.end());
  std::sort(into.begin(), into.end());
  into.erase(std::unique(into.begin(), into.end()), into.end());
}

std::size_t weight_of(const Reads& reads) noexcept {
  std::size_t bytes = sizeof(Reads) + kHeapBlock + block_weight(reads.paths);
  for (const std::string& path : reads.paths) bytes += heap_weight(path);
  return bytes;
}

}  // namespace

std::optional<UnixMillis> TimeUse::next_boundary(UnixMillis now) const noexcept {
  constexpr std::int64_t kMillisecondsPerSecond = 1'000;
  const auto next = std::find_if(boundaries.begin(), boundaries.end(), [now](std::int64_t second) {
    return second * kMillisecondsPerSecond > now.value;
  });
  if (next == boundaries.end()) return std::nullopt;
  return UnixMillis{*next * kMillisecondsPerSecond};
}

void TimeUse::merge(const TimeUse& other) {
  merge_sorted(boundaries, other.boundaries);
  otherwise = otherwise || other.otherwise;
}

void Reads::merge(const Reads& other) {
  merge_sorted(paths, other.paths);
  everything = everything || other.everything;
}

std::string Code::pointer_to(std::uint32_t index) const {
  const Node& node = nodes[index];
  if (node.parent == Node::kNoParent) return origin;
  std::string pointer = pointer_to(node.parent);
  if (const std::string_view name = name_of(nodes[node.parent].op); !name.empty()) {
    pointer += json_pointer(name);
  }
  if (node.index != Node::kUnwrapped) pointer += '/' + std::to_string(node.index);
  return pointer;
}

std::size_t Code::weight() const noexcept {
  std::size_t bytes = sizeof(Code) + kHeapBlock + block_weight(nodes) + block_weight(constants) +
                      block_weight(paths) + block_weight(references) + block_weight(time.boundaries) +
                      weight_of(*reads);
  for (const Path& path : paths) bytes += block_weight(path.segments);
  for (const std::string& text : texts) bytes += sizeof text + heap_weight(text);
  return bytes;
}

std::size_t Program::weight_beside(const Program* other) const noexcept {
  if (other == this) return 0;
  std::size_t bytes = sizeof(Program) + kHeapBlock + block_weight(callees_) + block_weight(time_.boundaries);
  if (other == nullptr || other->code_ != code_) bytes += code_->weight();
  const bool reads_shared = reads_ == code_->reads || (other != nullptr && other->reads_ == reads_);
  return reads_shared ? bytes : bytes + weight_of(*reads_);
}

}  // namespace togglecast::domain::evaluation
