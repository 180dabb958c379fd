// A rule as it is run: read from JSON once, when a snapshot is made, checked and laid out as a flat tree.
// Besides its nodes it tells what its answer depends on, so that a change is evaluated only where it matters
// and a timer knows when to look again. Thread rule: immutable; evaluated from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "domain/evaluation/jsonlogic/operators.hpp"
#include "domain/evaluation/jsonlogic/value.hpp"

namespace togglecast::domain::evaluation {

/// How the answer depends on `$flagd.timestamp`.
struct TimeUse {
  /// Seconds at which a comparison of the time with a constant turns; ascending, each once.
  std::vector<std::int64_t> boundaries;
  /// Read in another way as well: the answer may change with any second.
  bool otherwise = false;

  [[nodiscard]] bool any() const noexcept { return otherwise || !boundaries.empty(); }
  /// The first boundary after `now`; those of `otherwise` are not counted.
  [[nodiscard]] std::optional<UnixMillis> next_boundary(UnixMillis now) const noexcept;
  void merge(const TimeUse& other);
};

/// What of the context and of `client.*` the answer depends on.
struct Reads {
  std::vector<std::string> paths;  ///< such as `client.region`; sorted, each once
  bool everything = false;         ///< a path is computed, or the whole context is used

  void merge(const Reads& other);
};

class Program;
using ProgramPtr = std::shared_ptr<const Program>;

struct Node {
  static constexpr std::uint16_t kUnwrapped = 0xffff;  ///< the only argument, written without an array
  static constexpr std::uint32_t kNoParent = 0xffffffff;

  Op op = Op::constant;
  std::uint16_t index = kUnwrapped;  ///< place among the parent's arguments
  std::uint32_t parent = kNoParent;
  std::uint32_t first = 0;  ///< arguments are nodes `first` … `first + count - 1`
  std::uint32_t count = 0;
  std::uint32_t detail = 0;  ///< which constant, path or shared rule
};

/// A `var` path taken apart.
struct Path {
  std::vector<std::string_view> segments;  ///< empty: the data as a whole
};

class Program {
 public:
  [[nodiscard]] const TimeUse& time() const noexcept { return time_; }
  [[nodiscard]] const Reads& reads() const noexcept { return reads_; }
  /// False when it refers to a shared rule that is not there, directly or through others: its evaluation
  /// fails where it needs that rule.
  [[nodiscard]] bool is_whole() const noexcept { return is_whole_; }
  /// Names of the shared rules it refers to directly, as often as it does.
  [[nodiscard]] const std::vector<std::string>& references() const noexcept { return references_; }
  [[nodiscard]] std::size_t depth() const noexcept { return depth_; }  ///< shared rules included
  [[nodiscard]] std::size_t size() const noexcept { return size_; }    ///< nodes, shared rules included

  /// Where a node stands in the rule as it was written: a JSON Pointer. Node 0 is the whole rule.
  [[nodiscard]] std::string pointer_to(std::uint32_t node) const;

  [[nodiscard]] const Node& node(std::uint32_t index) const noexcept { return nodes_[index]; }
  [[nodiscard]] const Value& constant(const Node& node) const noexcept { return constants_[node.detail]; }
  [[nodiscard]] const Path& path(const Node& node) const noexcept { return paths_[node.detail]; }
  /// Of a call: nullptr when there is no such rule.
  [[nodiscard]] const Program* callee(const Node& node) const noexcept { return callees_[node.detail].get(); }
  /// Of a call: the name of the shared rule.
  [[nodiscard]] std::string_view reference(const Node& node) const noexcept {
    return references_[node.detail];
  }

 private:
  friend class Compiler;

  json::value source_;  // constants point into it
  std::string origin_;
  std::vector<Node> nodes_;
  std::vector<Value> constants_;
  std::vector<Path> paths_;
  std::deque<std::string> texts_;    // paths point into it
  std::vector<ProgramPtr> callees_;  // as long as references_
  std::vector<std::string> references_;
  bool is_whole_ = true;
  TimeUse time_;
  Reads reads_;
  std::size_t depth_ = 0;
  std::size_t size_ = 0;
};

}  // namespace togglecast::domain::evaluation
