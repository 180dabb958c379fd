#include "domain/entities/context.hpp"

#include <string>

#include "domain/evaluation/jsonlogic/numbers.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::domain {
namespace {

// By value: 25, 25.0 and 2.5e1 have one text. All digits of a 64-bit integer count.
std::string text_of(const json::value& number) {
  if (const auto* whole = number.if_int64()) return std::to_string(*whole);
  if (const auto* whole = number.if_uint64()) return std::to_string(*whole);
  std::string text;
  evaluation::append_number(text, number.get_double());
  return text;
}

}  // namespace

std::optional<json::object> read_context(FieldReader& in) {
  auto context = in.object("context", kMaxContext, kMaxContextDepth);
  if (!context) return context;
  const auto key = context->find("targetingKey");
  if (key == context->end()) return context;
  json::value& value = key->value();
  if (value.is_null() || (value.is_string() && value.get_string().empty())) {
    context->erase(key);
  } else if (value.is_number()) {
    value = text_of(value);
  } else if (!value.is_string()) {
    in.refuse(std::vector<FieldIssue>{{"/context/targetingKey", "must be a string or a number"}});
  }
  return context;
}

}  // namespace togglecast::domain
