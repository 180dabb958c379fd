#include "domain/evaluation/jsonlogic/conversions.hpp"

#include <algorithm>
#include <cmath>

#include "base/text/utf16.hpp"
#include "domain/evaluation/jsonlogic/numbers.hpp"

namespace togglecast::domain::evaluation {
namespace {

constexpr std::string_view kObjectText = "[object Object]";

bool is_primitive(const Value& value) noexcept { return value.kind() <= Value::Kind::text; }

// ToPrimitive, for comparing: arrays and objects become text, held in `memory`.
Value primitive(const Value& value, std::string& memory, Meter& meter) {
  if (is_primitive(value)) return value;
  append_text(memory, value, meter);
  return Value(std::string_view(memory));
}

// Texts of different lengths differ without a look at them.
bool same_text(const Value& a, const Value& b, Meter& meter) {
  return a.size() == b.size() && meter.take_bytes(a.size()) && a.text() == b.text();
}

void append_nested(std::string& out, const Value& value, Meter& meter, std::size_t depth);

void append_elements(std::string& out, const Value& array, std::string_view separator, Meter& meter,
                     std::size_t depth) {
  if (depth > kMaxValueDepth) return meter.fail(Failure::too_deep);
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (!meter.take(1)) return;
    if (i > 0) out += separator;
    const Value element = array.at(i);
    if (!element.is_nothing()) append_nested(out, element, meter, depth + 1);
  }
}

void append_nested(std::string& out, const Value& value, Meter& meter, std::size_t depth) {
  switch (value.kind()) {
    case Value::Kind::undefined:
      out += "undefined";
      break;
    case Value::Kind::null:
      out += "null";
      break;
    case Value::Kind::boolean:
      out += value.boolean() ? "true" : "false";
      break;
    case Value::Kind::number:
      append_number(out, value.number());
      break;
    case Value::Kind::text:
      if (meter.take_bytes(value.size())) out += value.text();
      break;
    case Value::Kind::array:
    case Value::Kind::list:
      append_elements(out, value, ",", meter, depth);
      break;
    case Value::Kind::object:
    case Value::Kind::pair:
    case Value::Kind::root:
    case Value::Kind::flagd:
      out += kObjectText;
      break;
  }
}

}  // namespace

bool truthy(const Value& value) noexcept {
  switch (value.kind()) {
    case Value::Kind::undefined:
    case Value::Kind::null:
      return false;
    case Value::Kind::boolean:
      return value.boolean();
    case Value::Kind::number:
      return value.number() != 0 && !std::isnan(value.number());
    case Value::Kind::text:
    case Value::Kind::array:
    case Value::Kind::list:
      return value.size() > 0;
    case Value::Kind::object:
    case Value::Kind::pair:
    case Value::Kind::root:
    case Value::Kind::flagd:
      return true;
  }
  return false;
}

double to_number(const Value& value, Meter& meter) {
  switch (value.kind()) {
    case Value::Kind::undefined:
      return std::nan("");
    case Value::Kind::null:
      return 0;
    case Value::Kind::boolean:
      return value.boolean() ? 1 : 0;
    case Value::Kind::number:
      return value.number();
    case Value::Kind::text:
      return meter.take_number(value.size()) ? text_to_number(value.text()) : 0;
    case Value::Kind::array:
    case Value::Kind::list: {
      std::string text;
      append_text(text, value, meter);
      return meter.take_number(text.size()) ? text_to_number(text) : 0;
    }
    case Value::Kind::object:
    case Value::Kind::pair:
    case Value::Kind::root:
    case Value::Kind::flagd:
      break;
  }
  return std::nan("");
}

double parse_float(const Value& value, Meter& meter) {
  if (value.is_number()) return value.number();
  if (value.is_text()) return meter.take_number(value.size()) ? leading_number(value.text()) : 0;
  if (!value.is_array()) return std::nan("");
  std::string text;
  append_text(text, value, meter);
  return meter.take_number(text.size()) ? leading_number(text) : 0;
}

void append_text(std::string& out, const Value& value, Meter& meter) { append_nested(out, value, meter, 0); }

void append_joined(std::string& out, const Value& array, std::string_view separator, Meter& meter) {
  append_elements(out, array, separator, meter, 0);
}

bool strict_equal(const Value& a, const Value& b, Meter& meter) {
  if (a.is_text() && b.is_text()) return same_text(a, b, meter);
  return strict_equal(a, b);
}

bool loose_equal(const Value& a, const Value& b, Meter& meter) {
  if (a.is_nothing() || b.is_nothing()) return a.is_nothing() && b.is_nothing();
  if (a.kind() == b.kind() || (!is_primitive(a) && !is_primitive(b))) return strict_equal(a, b, meter);
  std::string memory;
  const Value left = primitive(a, memory, meter);
  const Value right = primitive(b, memory, meter);  // at most one of them needs the memory
  if (left.is_text() && right.is_text()) return same_text(left, right, meter);
  return to_number(left, meter) == to_number(right, meter);
}

bool less(const Value& a, const Value& b, Meter& meter) {
  if (a.is_number() && b.is_number()) return a.number() < b.number();
  std::string memory_a;
  std::string memory_b;
  const Value left = primitive(a, memory_a, meter);
  const Value right = primitive(b, memory_b, meter);
  if (left.is_text() && right.is_text()) {
    return meter.take_bytes(std::min(left.size(), right.size())) &&
           compare_utf16(left.text(), right.text()) < 0;
  }
  return to_number(left, meter) < to_number(right, meter);
}

bool less_equal(const Value& a, const Value& b, Meter& meter) {
  if (a.is_number() && b.is_number()) return a.number() <= b.number();
  std::string memory_a;
  std::string memory_b;
  const Value left = primitive(a, memory_a, meter);
  const Value right = primitive(b, memory_b, meter);
  if (left.is_text() && right.is_text()) {
    return meter.take_bytes(std::min(left.size(), right.size())) &&
           compare_utf16(left.text(), right.text()) <= 0;
  }
  return to_number(left, meter) <= to_number(right, meter);
}

json::value to_json(const Value& value, Meter& meter, std::size_t depth) {
  if (depth > kMaxValueDepth) meter.fail(Failure::too_deep);
  if (!meter.take(1)) return nullptr;
  switch (value.kind()) {
    case Value::Kind::undefined:
    case Value::Kind::null:
      return nullptr;
    case Value::Kind::boolean:
      return value.boolean();
    case Value::Kind::number: {
      constexpr double kExact = 9'007'199'254'740'992;  // 2^53
      if (!std::isfinite(value.number())) return nullptr;
      if (std::trunc(value.number()) == value.number() && std::abs(value.number()) <= kExact) {
        return static_cast<std::int64_t>(value.number());
      }
      return value.number();
    }
    case Value::Kind::text:
      return meter.take_bytes(value.size()) ? json::value(value.text()) : json::value(nullptr);
    case Value::Kind::array:
    case Value::Kind::list: {
      json::array out;
      out.reserve(value.size());
      for (std::size_t i = 0; i < value.size() && meter.failure() == Failure::none; ++i) {
        out.push_back(to_json(value.at(i), meter, depth + 1));
      }
      return out;
    }
    case Value::Kind::object: {
      json::object out;
      for (const auto& member : value.object()) {
        if (!meter.take_bytes(member.key().size())) break;
        out.emplace(member.key(), to_json(Value::of(member.value()), meter, depth + 1));
      }
      return out;
    }
    case Value::Kind::pair: {
      json::object out;
      out.emplace("current", to_json(value.member("current"), meter, depth + 1));
      out.emplace("accumulator", to_json(value.member("accumulator"), meter, depth + 1));
      return out;
    }
    case Value::Kind::flagd:
      return {{"flagKey", value.root().flag_key}, {"timestamp", value.root().timestamp}};
    case Value::Kind::root: {
      json::object out;
      if (value.root().context != nullptr) {
        json::value context = to_json(Value(*value.root().context), meter, depth);
        if (!context.is_object()) return nullptr;  // the allowance did not suffice
        out = std::move(context.get_object());
      }
      if (!value.root().targeting_key.empty()) out.emplace("targetingKey", value.root().targeting_key);
      out["client"] = to_json(value.member("client"), meter, depth + 1);
      out["$flagd"] = to_json(value.member("$flagd"), meter, depth + 1);
      return out;
    }
  }
  return nullptr;
}

}  // namespace togglecast::domain::evaluation
