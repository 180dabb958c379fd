#include "domain/state/indexed_row.hpp"

#include <algorithm>

#include "domain/entities/asset.hpp"
#include "domain/state/op_type.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::domain {
namespace {

void name_assets(std::vector<NamedAsset>& named, const json::value& body, bool now) {
  for (const Asset& asset : assets_in(body)) {
    const bool known = std::any_of(named.begin(), named.end(),
                                   [&](const NamedAsset& one) { return one.sha256 == asset.sha256; });
    if (!known) named.push_back({asset.sha256, asset.type, now});
  }
}

IndexedOp index_op(const Op& op) {
  IndexedOp out;
  out.kind = op.entity;
  out.id = op.id;
  out.type = type_of(op);
  out.text = searched_text(op);
  out.changes = !is_time_boundary(op);
  out.exists = !op.after.is_null();
  out.is_new = op.before.is_null();
  if (out.exists) {
    out.key = unique_key_of(op.entity, op.after);
    out.body = json::canonical(op.after);
  }
  if (out.changes && (op.entity == Kind::platform || op.entity == Kind::feature)) {
    name_assets(out.assets, op.after, true);
    name_assets(out.assets, op.before, false);
  }
  return out;
}

}  // namespace

IndexedRow index_row(const LogRow& row) {
  IndexedRow out;
  out.row = &row;
  const json::value actor = json::parse(row.actor_text).value_or(nullptr);
  out.actor_name = json::string_or_empty(actor, "name");
  out.source = json::string_or_empty(actor, "source");
  out.ops.reserve(row.change.ops.size());
  for (const Op& op : row.change.ops) out.ops.push_back(index_op(op));
  return out;
}

}  // namespace togglecast::domain
