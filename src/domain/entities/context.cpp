#include "domain/entities/context.hpp"

namespace togglecast::domain {

std::optional<json::object> read_context(FieldReader& in) {
  auto context = in.object("context", kMaxContext, kMaxContextDepth);
  if (!context) return context;
  const auto key = context->find("targetingKey");
  if (key == context->end()) return context;
  if (key->value().is_null()) {
    context->erase(key);
  } else if (!key->value().is_string() || key->value().get_string().empty()) {
    in.refuse(std::vector<FieldIssue>{{"/context/targetingKey", "must be a string that is not empty"}});
  }
  return context;
}

}  // namespace togglecast::domain
