// The name of one state of one history: `1.42`, epoch and revision. Histories that parted, as after a
// restore, have equal revisions but no equal versions. Thread rule: plain values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::domain {

struct Version {
  std::int64_t epoch = 0;
  Revision revision = 0;
  friend bool operator==(const Version&, const Version&) = default;
};

[[nodiscard]] std::string to_string(const Version& version);
/// Reads exactly the output of `to_string`; nothing for any other text.
[[nodiscard]] std::optional<Version> parse_version(std::string_view text) noexcept;
/// The same at the beginning of `text`, which keeps the rest.
[[nodiscard]] std::optional<Version> take_version(std::string_view& text) noexcept;

/// A revision as a caller names it: `42`, or with its epoch `1.42`.
struct NamedRevision {
  Revision revision = 0;
  std::optional<std::int64_t> epoch{};

  /// `conflict` when it names another epoch than this one.
  [[nodiscard]] Result<void> check(std::int64_t epoch_here) const;
};

/// `42` or `1.42`, the one form in headers, parameters and paths; nothing for any other text.
[[nodiscard]] std::optional<NamedRevision> parse_named_revision(std::string_view text) noexcept;
/// The members `revision` and `epoch` of a JSON object, both of which may be absent or null.
/// `invalid_argument` when one of them is no such number, or when there is only an epoch.
[[nodiscard]] Result<std::optional<NamedRevision>> named_revision_in(const json::value& object);
/// `conflict`: the caller knows another history than this one.
[[nodiscard]] Error other_epoch(const NamedRevision& named, std::int64_t epoch_here);

/// The condition of a write: the entity's version must be one of these. Empty: no condition.
class IfMatch {
 public:
  IfMatch() = default;
  explicit IfMatch(std::vector<Version> any_of) : any_of_(std::move(any_of)) {}

  [[nodiscard]] bool empty() const noexcept { return any_of_.empty(); }
  [[nodiscard]] const std::vector<Version>& any_of() const noexcept { return any_of_; }
  [[nodiscard]] bool allows(const Version& version) const noexcept {
    return empty() || std::find(any_of_.begin(), any_of_.end(), version) != any_of_.end();
  }

 private:
  std::vector<Version> any_of_;
};

/// `body`, of an entity in a state of this epoch, with its tag as the member `etag`: `"1.42"`, with quotes as
/// the headers ETag and If-Match have it. Anything without a revision stays as it is.
[[nodiscard]] json::value with_etag(json::value body, std::int64_t epoch);
/// The version of the entity with this body; nothing without a revision.
[[nodiscard]] std::optional<Version> version_of(const json::value& body, std::int64_t epoch) noexcept;

}  // namespace togglecast::domain
