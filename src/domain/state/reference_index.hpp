// The users of each entity: the reverse of the references between entities. It answers which entities a
// change concerns, which prevent a deletion, and what time will change next. Each snapshot has one;
// neighbours share structure. Thread rule: an immutable value once its snapshot is shared.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/entities/client.hpp"
#include "domain/entities/feature.hpp"
#include "domain/entities/package.hpp"
#include "domain/entities/platform.hpp"
#include "domain/entities/segment.hpp"
#include "domain/state/persistent_map.hpp"

namespace togglecast::domain {

/// The meaning of a link from `user` to `used`.
enum class Relation : std::uint8_t {
  platform_of_feature,  ///< a feature needs the platform
  requirement,          ///< a feature requires the feature
  assignment,           ///< a package includes the feature
  opened_platform,      ///< a package opens the platform
  subscriber,           ///< a client is on the package
  client_override,      ///< a client overrides the feature
  expiry,               ///< at that time (milliseconds) an override of the client expires
  timed,                ///< 0: answers of the feature depend on time
  asset_of_platform,    ///< a platform has an asset of that number, see asset_number
  asset_of_feature,     ///< a feature has
};

struct Link {
  Relation relation = Relation::timed;
  Id used = 0;
  Id user = 0;
  friend auto operator<=>(const Link&, const Link&) = default;
};

/// Adds the keys of the segments that a rule refers to, whether or not it can be compiled.
void add_referenced_segments(const json::value& rule, std::vector<std::string>& keys);

class ReferenceIndex {
 public:
  /// Ascending.
  [[nodiscard]] std::vector<Id> users(Relation relation, Id used) const;
  [[nodiscard]] bool has(const Link& link) const { return links_.find(link) != nullptr; }
  /// The link of that relation with the smallest `used`, if any. For expiries: the first that is due.
  [[nodiscard]] const Link* first(Relation relation) const;
  /// Calls `visit(link)` by ascending `used`, from `least` on, until it returns false.
  template <typename Visit>
  void for_each(Relation relation, Id least, Visit&& visit) const {
    links_.for_each_from(Link{relation, least, 0},
                         [&](const Link& link, bool) { return link.relation == relation && visit(link); });
  }
  /// Features (or segments) whose rules refer to the segment of that key. The segment need not exist.
  [[nodiscard]] std::vector<Id> referring(std::string_view segment, Kind user) const;

  void put(const Link& link) { links_ = links_.insert(link, true); }
  void erase(const Link& link) { links_ = links_.erase(link); }
  /// An entity was created (`before` null), changed, or deleted (`after` null).
  template <typename T>
  void update(const T* before, const T* after);

  /// Bytes of memory, about, that it holds and `other` does not.
  [[nodiscard]] std::size_t weight_beside(const ReferenceIndex& other) const;

 private:
  struct Reference {
    std::string segment;
    Kind kind = Kind::feature;
    Id user = 0;
    friend auto operator<=>(const Reference&, const Reference&) = default;
  };
  struct Hash {
    std::size_t operator()(const Link& link) const noexcept;
    std::size_t operator()(const Reference& reference) const noexcept;
  };

  [[nodiscard]] static std::vector<Link> links_of(const Platform& platform);
  [[nodiscard]] static std::vector<Link> links_of(const Feature& feature);
  [[nodiscard]] static std::vector<Link> links_of(const Package& package);
  [[nodiscard]] static std::vector<Link> links_of(const Client& client);
  [[nodiscard]] static std::vector<Reference> references_to(std::vector<std::string> segments, Kind kind,
                                                            Id user);
  [[nodiscard]] static std::vector<Reference> references_of(const Feature& feature);
  [[nodiscard]] static std::vector<Reference> references_of(const Segment& segment);

  PersistentMap<Link, bool, Hash> links_;
  PersistentMap<Reference, bool, Hash> references_;
};

}  // namespace togglecast::domain
