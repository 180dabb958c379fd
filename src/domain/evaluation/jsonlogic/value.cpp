#include "domain/evaluation/jsonlogic/value.hpp"

#include <algorithm>
#include <charconv>

#include "base/text/utf16.hpp"

namespace togglecast::domain::evaluation {
Value Value::of(const json::value& json) noexcept {
  switch (json.kind()) {
    case json::kind::null:
      return null();
    case json::kind::bool_:
      return Value(json.get_bool());
    case json::kind::int64:
      return Value(static_cast<double>(json.get_int64()));
    case json::kind::uint64:
      return Value(static_cast<double>(json.get_uint64()));
    case json::kind::double_:
      return Value(json.get_double());
    case json::kind::string:
      return Value(std::string_view(json.get_string()));
    case json::kind::array:
      return Value(json.get_array());
    case json::kind::object:
      return Value(json.get_object());
  }
  return {};
}

std::size_t element_index(std::string_view name) noexcept {
  if (name.empty() || (name.size() > 1 && name[0] == '0')) return std::string_view::npos;
  std::uint32_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (error != std::errc{} || end != name.data() + name.size()) return std::string_view::npos;
  return index;
}

bool Value::contains(const Value& sought) const noexcept {
  if (kind_ == Kind::array && sought.is_text()) {  // the usual case, without a view of each element
    const std::string_view text = sought.text();
    return std::any_of(array_->begin(), array_->end(), [text](const json::value& element) {
      const auto* candidate = element.if_string();
      return candidate != nullptr && std::string_view(*candidate) == text;
    });
  }
  for (std::size_t i = 0; i < size_; ++i) {
    if (strict_equal(sought, at(i))) return true;
  }
  return false;
}

Value Value::root_member(std::string_view name) const noexcept {
  if (kind_ == Kind::flagd) {
    if (name == "flagKey") return Value(root_->flag_key);
    if (name == "timestamp") return Value(static_cast<double>(root_->timestamp));
    return {};
  }
  if (name == "$flagd") return flagd(*root_);
  if (name == "client") return root_->client == nullptr ? Value() : Value(*root_->client);
  const json::value* found = root_->context == nullptr ? nullptr : root_->context->if_contains(name);
  if (found != nullptr) return of(*found);
  if (name == "targetingKey" && !root_->targeting_key.empty()) return Value(root_->targeting_key);
  return {};
}

Value Value::member(std::string_view name) const noexcept {
  switch (kind_) {
    case Kind::object: {
      const json::value* found = object_->if_contains(name);
      return found == nullptr ? Value() : of(*found);
    }
    case Kind::root:
    case Kind::flagd:
      return root_member(name);
    case Kind::array:
    case Kind::list: {
      const std::size_t index = element_index(name);
      if (index < size_) return at(index);
      return name == "length" ? Value(static_cast<double>(size_)) : Value();
    }
    case Kind::text:
      return name == "length" ? Value(static_cast<double>(utf16_length(text()))) : Value();
    case Kind::pair:
      if (name == "current") return pair_->current;
      return name == "accumulator" ? pair_->accumulator : Value();
    case Kind::undefined:
    case Kind::null:
    case Kind::boolean:
    case Kind::number:
      break;
  }
  return {};
}

bool strict_equal(const Value& a, const Value& b) noexcept {
  if (a.kind_ != b.kind_) return false;
  switch (a.kind_) {
    case Value::Kind::undefined:
    case Value::Kind::null:
      return true;
    case Value::Kind::boolean:
      return a.boolean_ == b.boolean_;
    case Value::Kind::number:
      return a.number_ == b.number_;
    case Value::Kind::text:
      return a.text() == b.text();
    case Value::Kind::array:
      return a.array_ == b.array_;
    case Value::Kind::list:
      return a.list_ == b.list_ && a.size_ > 0;
    case Value::Kind::object:
      return a.object_ == b.object_;
    case Value::Kind::pair:
      return a.pair_ == b.pair_;
    case Value::Kind::root:
    case Value::Kind::flagd:
      return a.root_ == b.root_;
  }
  return false;
}

}  // namespace togglecast::domain::evaluation
