#include "domain/state/indexed_row.hpp"

#include "domain/state/op_type.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::domain {
namespace {

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
