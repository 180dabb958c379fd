#include "domain/evaluation/jsonlogic/program.hpp"

#include <algorithm>

#include "domain/schema/fields.hpp"

namespace togglecast::domain::evaluation {
namespace {

template <typename T>
void merge_sorted(std::vector<T>& into, const std::vector<T>& from) {
  into.insert(into.end(), from.begin(), from.end());
  std::sort(into.begin(), into.end());
  into.erase(std::unique(into.begin(), into.end()), into.end());
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

std::string Program::pointer_to(std::uint32_t index) const {
  const Node& node = nodes_[index];
  if (node.parent == Node::kNoParent) return origin_;
  std::string pointer = pointer_to(node.parent);
  if (const std::string_view name = name_of(nodes_[node.parent].op); !name.empty()) {
    pointer += json_pointer(name);
  }
  if (node.index != Node::kUnwrapped) pointer += '/' + std::to_string(node.index);
  return pointer;
}

}  // namespace togglecast::domain::evaluation
