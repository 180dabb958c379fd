// Platforms: create, list, read, update, toggle, delete.
// Thread rule: any thread. Reads answer at once from the current snapshot; writes answer through `done`
// (writer.hpp). Errors: `forbidden`, `not_found`, `invalid_argument` with every rejected field,
// `already_exists`, `conflict`.
#pragma once

#include <memory>
#include <optional>

#include "service/listing.hpp"
#include "service/principal.hpp"
#include "service/read_model.hpp"
#include "service/writer.hpp"

namespace togglecast::service {

inline constexpr std::size_t kMaxPlatforms = 1'000;

class PlatformService {
 public:
  PlatformService(Writer& writer, const ReadModel& model) : writer_(writer), model_(model) {}

  [[nodiscard]] Result<Page<domain::Platform>> list(const Principal& who, const PageQuery& query) const;
  [[nodiscard]] Result<std::shared_ptr<const domain::Platform>> find(const Principal& who,
                                                                     domain::Id id) const;

  /// `body` needs `key` and `name`; a new platform is enabled unless it says otherwise.
  void create(const Principal& who, const json::value& body, const WriteOptions& options, Done done);
  /// Sets the members that `body` names; a present `config` replaces the whole of it.
  void update(const Principal& who, domain::Id id, const json::value& body, const WriteOptions& options,
              Done done);
  /// Switches to `enabled`, or to the other side.
  void toggle(const Principal& who, domain::Id id, std::optional<bool> enabled, const WriteOptions& options,
              Done done);
  void remove(const Principal& who, domain::Id id, const WriteOptions& options, Done done);

 private:
  Writer& writer_;
  const ReadModel& model_;
};

}  // namespace togglecast::service
