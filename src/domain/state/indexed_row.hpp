// A row of the change log as a store keeps it: next to the row, everything that the store indexes. A store
// writes these values down and needs to know nothing of entities. Thread rule: plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/state/log_row.hpp"
#include "domain/state/view.hpp"

namespace togglecast::domain {

/// The bytes of an asset that an op names.
struct NamedAsset {
  std::string sha256;  ///< as in asset.hpp
  std::string type;
  bool now = false;  ///< the entity has it after the op; else it only had it before
};

/// One op and its index entries.
struct IndexedOp {
  Kind kind = Kind::platform;
  Id id = 0;
  UpdateType type = UpdateType::update;  ///< see type_of
  std::string text;                      ///< for searches, see searched_text
  bool changes = true;                   ///< false: the op only names the entity, and `body` is not its body
  bool exists = true;                    ///< false: the op deletes the entity, and `key` and `body` are empty
  bool is_new = false;                   ///< the op creates the entity
  std::string key;                       ///< unique among the entities of this kind
  std::string body;                      ///< canonical JSON of the entity after the op
  std::vector<NamedAsset> assets;        ///< of the entity before and after, each once
};

struct IndexedRow {
  const LogRow* row = nullptr;  ///< must outlive this value
  std::string actor_name;
  std::string source;  ///< the way on which the change came in
  std::vector<IndexedOp> ops;
};

[[nodiscard]] IndexedRow index_row(const LogRow& row);

}  // namespace togglecast::domain
