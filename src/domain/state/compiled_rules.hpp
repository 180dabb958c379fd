// The rules of one state as they are run: segments and features, compiled when a snapshot is made, and only
// those that a change touched. Nothing here fails: what cannot be compiled answers PARSE_ERROR.
// Thread rule: an immutable value once its snapshot is shared.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "domain/evaluation/catalogue.hpp"
#include "domain/state/persistent_map.hpp"
#include "domain/state/reference_index.hpp"

namespace togglecast::domain {

class Snapshot;

/// What a change touched.
struct TouchedRules {
  std::set<Id> features;
  std::set<std::string> segments;  ///< keys
};

class CompiledRules {
 public:
  /// nullptr when there is no such feature.
  [[nodiscard]] const evaluation::FeatureRules* feature(Id id) const noexcept {
    const auto* found = features_.find(id);
    return found == nullptr ? nullptr : found->get();
  }
  /// The compiled rule of a segment; nullptr when there is none, or it cannot be compiled.
  [[nodiscard]] evaluation::ProgramPtr segment(std::string_view key) const;

  /// Follows the tables and links of `state`, in which `touched` came, changed or went; keeps `links` true
  /// about what depends on time.
  void update(const Snapshot& state, TouchedRules touched, ReferenceIndex& links);

 private:
  class Compilation;

  PersistentMap<Id, std::shared_ptr<const evaluation::FeatureRules>> features_;
  PersistentMap<std::string, evaluation::ProgramPtr> segments_;
};

}  // namespace togglecast::domain
