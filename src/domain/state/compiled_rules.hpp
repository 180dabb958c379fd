// The compiled rules of one state: segments and features. A new snapshot compiles only the rules that the
// change touched. Nothing here fails: a rule that cannot be compiled answers PARSE_ERROR. Thread rule: an
// immutable value once its snapshot is shared.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "domain/evaluation/catalogue.hpp"
#include "domain/state/persistent_map.hpp"
#include "domain/state/reference_index.hpp"

namespace togglecast::domain {

class Snapshot;

/// The rules that a change touched.
struct TouchedRules {
  std::set<Id> features;
  std::set<std::string> segments;  ///< keys
};

class CompiledRules {
 public:
  /// nullptr without such a feature.
  [[nodiscard]] const evaluation::FeatureRules* feature(Id id) const noexcept {
    const auto* found = features_.find(id);
    return found == nullptr ? nullptr : found->get();
  }
  /// The compiled rule of a segment; nullptr without one, or when it cannot be compiled.
  [[nodiscard]] evaluation::ProgramPtr segment(std::string_view key) const;

  /// Compiles the `touched` rules again from the tables and links of `state`. Updates in `links` the features
  /// that depend on time.
  void update(const Snapshot& state, TouchedRules touched, ReferenceIndex& links);

  /// Bytes of memory, about, that these hold and `other` does not. What entities hold is counted there.
  [[nodiscard]] std::size_t weight_beside(const CompiledRules& other) const;

 private:
  class Compilation;

  PersistentMap<Id, std::shared_ptr<const evaluation::FeatureRules>> features_;
  PersistentMap<std::string, evaluation::ProgramPtr> segments_;
};

}  // namespace togglecast::domain
