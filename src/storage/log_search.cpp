#include "storage/log_search.hpp"

#include <algorithm>

namespace togglecast::storage {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool holds(std::string_view text, std::string_view wanted) {
  return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

bool matches(const SearchedOp& op, const LogQuery& query) {
  const auto kind = domain::parse_kind(op.kind);
  if (!kind || !query.kinds.contains(*kind)) return false;
  if (query.kind && *query.kind != *kind) return false;
  if (query.id && *query.id != op.id) return false;
  if (query.type && domain::to_string(*query.type) != op.type) return false;
  if (!query.actor.empty() && query.actor != op.actor) return false;
  if (!query.source.empty() && query.source != op.source) return false;
  return query.text.empty() || holds(op.text, query.text) || holds(op.actor, query.text);
}

}  // namespace

bool LogSearch::take(const SearchedOp& op) {
  if (op.revision != at_ && (found_.size() >= query_.limit || scanned_ >= query_.scan)) {
    next_ = at_;
    return false;
  }
  at_ = op.revision;
  ++scanned_;
  const bool known = !found_.empty() && found_.back() == op.revision;
  if (!known && matches(op, query_)) found_.push_back(op.revision);
  return true;
}

}  // namespace togglecast::storage
