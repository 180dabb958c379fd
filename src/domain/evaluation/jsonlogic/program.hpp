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
  friend bool operator==(const Reads&, const Reads&) = default;
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

/// What a rule is by itself, without the shared rules that it refers to. Programs of one rule share it,
/// however often those change.
struct Code {
  /// A reference to a shared rule.
  struct Reference {
    std::string name;
    std::uint32_t node = 0;  ///< where it stands
    std::size_t depth = 0;   ///< of that place
    bool sees_root = true;   ///< its data is that of the whole rule, not an element of a list
  };

  std::shared_ptr<const json::value> source;  // constants point into it
  std::string origin;
  std::vector<Node> nodes;
  std::vector<Value> constants;
  std::vector<Path> paths;
  std::deque<std::string> texts;  // paths point into it
  std::vector<Reference> references;
  TimeUse time;
  std::shared_ptr<const Reads> reads;
  std::size_t depth = 0;

  /// Where a node stands in the rule as it was written: a JSON Pointer. Node 0 is the whole rule.
  [[nodiscard]] std::string pointer_to(std::uint32_t node) const;
  /// Bytes of memory, about; those of `source`, which others may hold, are not counted.
  [[nodiscard]] std::size_t weight() const noexcept;
};

/// A rule with its shared rules.
class Program {
 public:
  [[nodiscard]] const TimeUse& time() const noexcept { return time_; }
  [[nodiscard]] const Reads& reads() const noexcept { return *reads_; }
  /// False when it refers to a shared rule that is not there, directly or through others: its evaluation
  /// fails where it needs that rule.
  [[nodiscard]] bool is_whole() const noexcept { return is_whole_; }
  [[nodiscard]] std::size_t depth() const noexcept { return depth_; }  ///< shared rules included
  [[nodiscard]] std::size_t size() const noexcept { return size_; }    ///< nodes, shared rules included
  [[nodiscard]] const std::shared_ptr<const Code>& code() const noexcept { return code_; }
  [[nodiscard]] std::string pointer_to(std::uint32_t node) const { return code_->pointer_to(node); }

  [[nodiscard]] const Node& node(std::uint32_t index) const noexcept { return nodes_[index]; }
  [[nodiscard]] const Value& constant(const Node& node) const noexcept { return constants_[node.detail]; }
  [[nodiscard]] const Path& path(const Node& node) const noexcept { return paths_[node.detail]; }
  /// Of a call: nullptr when there is no such rule.
  [[nodiscard]] const Program* callee(const Node& node) const noexcept { return callees_[node.detail].get(); }
  /// Of a call: the name of the shared rule.
  [[nodiscard]] std::string_view reference(const Node& node) const noexcept {
    return code_->references[node.detail].name;
  }

  /// Bytes of memory that it holds and `other` does not, about; nullptr: nothing is shared. Shared rules are
  /// counted where they are kept.
  [[nodiscard]] std::size_t weight_beside(const Program* other) const noexcept;

 private:
  friend class Linker;

  // The code's, next to what else an evaluation reads.
  const Node* nodes_ = nullptr;
  const Value* constants_ = nullptr;
  const Path* paths_ = nullptr;
  std::vector<ProgramPtr> callees_;  // as long as the code's references
  std::shared_ptr<const Code> code_;
  bool is_whole_ = true;
  TimeUse time_;
  std::shared_ptr<const Reads> reads_;  // the code's, when shared rules read nothing else
  std::size_t depth_ = 0;
  std::size_t size_ = 0;
};

}  // namespace togglecast::domain::evaluation
