// Environments: list, make, and fill from another one. They belong to the installation, so an admin of any
// environment may read the list, and an owner of any may make one.
//
// Thread rule: any thread. `done` is called once, on the committer's thread or within the call.
// Errors: `forbidden`; `invalid_argument` for a bad key or an unknown source; `already_exists` when the key
// is taken, in this or another case; `not_found` without the target; `conflict` when the target is not new,
// or when there are `changes::kMaxEnvironments`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "changes/committer.hpp"
#include "changes/read_model.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::service {

/// `{key, revision, epoch, changed_at, counts: {platforms, segments, features, packages, clients}}`
[[nodiscard]] json::object describe_environment(const domain::Snapshot& state);

struct EnvironmentCopy {
  std::string from;      ///< key of the source
  bool clients = false;  ///< copy the clients too, without their tokens
};

class EnvironmentService {
 public:
  EnvironmentService(changes::Committer& committer, const changes::ReadModel& model, RandomSource& random)
      : committer_(committer), model_(model), random_(random) {}

  /// The current state of each in which the caller has a role, without `system`, in the order of their keys.
  [[nodiscard]] Result<std::vector<domain::SnapshotPtr>> list(const Principal& who) const;
  /// The current state of one. `forbidden` without a role there.
  [[nodiscard]] Result<domain::SnapshotPtr> find(const Principal& who, const std::string& key) const;
  /// Makes an empty environment; the read model and the subscribers of the feed know it before the answer.
  /// `Written::replayed` tells a repeated answer.
  void create(const Principal& who, const std::string& key, const WriteOptions& options, changes::Done done);
  /// One revision of the environment `key` with all entities of the source.
  void copy(const Principal& who, const std::string& key, const EnvironmentCopy& what,
            const WriteOptions& options, changes::Done done);

 private:
  [[nodiscard]] bool sees(const Principal& who, const std::string& key) const;
  void add(const std::string& key, changes::Committer::EnvironmentDone done);
  /// Writes into `system` that the caller made `key`, or copied into it. The activity feed shows it.
  void record(const Principal& who, const std::string& key, std::optional<EnvironmentCopy> copied,
              const WriteOptions& options, changes::Done done);
  void remember(const Principal& who, const std::string& key, const WriteOptions& options,
                changes::Build build, changes::Done done);

  changes::Committer& committer_;
  const changes::ReadModel& model_;
  RandomSource& random_;
};

}  // namespace togglecast::service
