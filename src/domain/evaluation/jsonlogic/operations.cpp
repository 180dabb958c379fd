#include "domain/evaluation/jsonlogic/operations.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "base/text/utf16.hpp"
#include "domain/evaluation/jsonlogic/numbers.hpp"
#include "domain/evaluation/jsonlogic/sem_ver.hpp"

namespace togglecast::domain::evaluation {
namespace {

Value argument(Arguments arguments, std::size_t index) {
  return index < arguments.size() ? arguments[index] : Value();
}

// A text as it is, or what String() makes of another value, held in `memory`.
std::string_view text_of(const Value& value, std::string& memory, Meter& meter) {
  if (value.is_text()) return value.text();
  append_text(memory, value, meter);
  return memory;
}

bool is_missing(const Value& found) {
  return found.is_nothing() || (found.is_text() && found.text().empty());
}

// `key` as `missing` takes it: a path, or an array of a path and what stands for it when it is absent.
Value look_up_key(const Value& key, const Value& data, const Workspace& work) {
  if (key.is_array()) {
    const Value pair[] = {key.size() > 0 ? key.at(0) : Value(), key.size() > 1 ? key.at(1) : Value()};
    return computed_variable(pair, data, work);
  }
  return computed_variable({&key, 1}, data, work);
}

Value missing_among(const Value* list, Arguments loose, const Value& data, const Workspace& work) {
  const std::size_t count = list != nullptr ? list->size() : loose.size();
  const auto out = work.values(count);
  std::size_t found = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Value key = list != nullptr ? list->at(i) : loose[i];
    if (is_missing(look_up_key(key, data, work))) out[found++] = key;
  }
  return Value(out.data(), found);
}

}  // namespace

Value Workspace::keep(std::string_view text) const {
  if (!meter.take_bytes(text.size())) return {};
  auto* out = static_cast<char*>(memory.allocate(std::max<std::size_t>(text.size(), 1), 1));
  std::copy(text.begin(), text.end(), out);
  return Value(std::string_view(out, text.size()));
}

std::span<Value> Workspace::values(std::size_t count) const {
  if (count == 0 || !meter.take_made_elements(count)) return {};
  auto* out = static_cast<Value*>(memory.allocate(count * sizeof(Value), alignof(Value)));
  std::uninitialized_default_construct_n(out, count);
  return {out, count};
}

Value member_of(const Value& data, std::string_view name, const Workspace& work) {
  if (!work.meter.take(1 + name.size() / kBytesPerStep)) return {};
  if (!data.is_text()) return data.member(name);
  if (!work.meter.take_scanned(data.size())) return {};
  if (name == "length") return data.member(name);
  const std::size_t index = element_index(name);
  if (index >= data.size()) return {};
  std::string character;
  append_utf16_slice(character, data.text(), index, 1);
  return character.empty() ? Value() : work.keep(character);
}

Value look_up(const Path& path, const Value& data, const Workspace& work) {
  Value found = data;
  for (const std::string_view segment : path.segments) {
    if (found.is_nothing()) return {};
    found = member_of(found, segment, work);
  }
  return found;
}

Value look_up(std::string_view path, const Value& data, const Workspace& work) {
  Value found = data;
  for (;;) {
    const std::size_t dot = path.find('.');
    if (found.is_nothing()) return {};
    found = member_of(found, path.substr(0, dot), work);
    if (dot == std::string_view::npos) return found;
    path.remove_prefix(dot + 1);
  }
}

Value computed_variable(Arguments arguments, const Value& data, const Workspace& work) {
  const Value path = argument(arguments, 0);
  const Value fallback = argument(arguments, 1);
  if (path.is_nothing()) return data;
  std::string memory;
  const std::string_view text = text_of(path, memory, work.meter);
  if (text.empty() && path.is_text()) return data;
  if (!work.meter.take_bytes(text.size())) return {};
  const Value found = look_up(text, data, work);
  if (!found.is_undefined()) return found;
  return fallback.is_undefined() ? Value::null() : fallback;
}

Value missing(Arguments arguments, const Value& data, const Workspace& work) {
  const bool in_array = !arguments.empty() && arguments.front().is_array();
  return missing_among(in_array ? &arguments.front() : nullptr, arguments, data, work);
}

Value missing_some(Arguments arguments, const Value& data, const Workspace& work) {
  const Value options = argument(arguments, 1);
  if (options.is_nothing()) {
    work.meter.fail(Failure::not_defined);
    return {};
  }
  const Value are_missing = options.is_array() ? missing_among(&options, {}, data, work)
                                               : missing_among(nullptr, {&options, 1}, data, work);
  // Only arrays and texts have a length; without one the comparison is with NaN, thus false.
  const Value length = member_of(options, "length", work);
  const double present =
      (length.is_number() ? length.number() : std::nan("")) - static_cast<double>(are_missing.size());
  const bool enough = present >= to_number(argument(arguments, 0), work.meter);
  return enough ? Value(static_cast<const Value*>(nullptr), 0) : are_missing;
}

Value fold_numbers(Op op, Arguments arguments, const Workspace& work) {
  switch (op) {
    case Op::add: {
      double sum = 0;
      for (const Value& term : arguments) sum += parse_float(term, work.meter);
      return Value(sum);
    }
    case Op::multiply: {
      if (arguments.empty()) {
        work.meter.fail(Failure::not_defined);
        return {};
      }
      if (arguments.size() == 1) return arguments.front();
      double application = parse_float(arguments.front(), work.meter);
      for (const Value& factor : arguments.subspan(1)) application *= parse_float(factor, work.meter);
      return Value(application);
    }
    default: {  // min, max
      double best = std::numeric_limits<double>::infinity() * (op == Op::min ? 1 : -1);
      for (const Value& candidate : arguments) {
        const double number = to_number(candidate, work.meter);
        if (std::isnan(number)) best = number;
        if (op == Op::min ? number < best : number > best) best = number;
      }
      return Value(best);
    }
  }
}

Value cat(Arguments arguments, const Workspace& work) {
  if (arguments.size() == 1 && arguments.front().is_text()) return arguments.front();
  std::string out;
  append_joined(out, Value(arguments.data(), arguments.size()), "", work.meter);
  return work.keep(out);
}

Value substr(Arguments arguments, const Workspace& work) {
  std::string memory;
  std::string_view source = text_of(argument(arguments, 0), memory, work.meter);
  if (!work.meter.take_scanned(source.size())) return {};
  const auto size = static_cast<double>(utf16_length(source));
  double first = to_integer(to_number(argument(arguments, 1), work.meter));
  if (first < 0) first = std::max(size + first, 0.0);
  first = std::min(first, size);
  const Value end = argument(arguments, 2);
  double count = size - first;
  if (!end.is_undefined()) {
    const double number = to_number(end, work.meter);
    if (number >= 0 || std::isnan(number)) {
      count = std::min(count, to_integer(number));
    } else if (end.is_number()) {
      count = std::max(0.0, to_integer(count + number));  // leave that many off at the end
    } else {
      count = 0;  // the reference adds the text to the length, as text, and that is no number
    }
  }
  std::string out;
  append_utf16_slice(out, source, static_cast<std::size_t>(first), static_cast<std::size_t>(count));
  return work.keep(out);
}

// Knuth, Morris and Pratt: a text of one letter is searched as quickly as any other.
bool contains_text(std::string_view text, std::string_view part, const Workspace& work) {
  if (part.size() > text.size()) return false;
  if (part.empty()) return true;
  if (!work.meter.take_scanned(text.size() + part.size())) return false;
  using Length = std::uint32_t;
  if (!work.meter.take_bytes(part.size() * sizeof(Length))) return false;
  // How much of the part's beginning stands again at the end of its first i + 1 bytes.
  auto* border = static_cast<Length*>(work.memory.allocate(part.size() * sizeof(Length), alignof(Length)));
  border[0] = 0;
  Length matched = 0;
  for (std::size_t i = 1; i < part.size(); ++i) {
    while (matched > 0 && part[i] != part[matched]) matched = border[matched - 1];
    if (part[i] == part[matched]) ++matched;
    border[i] = matched;
  }
  matched = 0;
  for (const char c : text) {
    while (matched > 0 && c != part[matched]) matched = border[matched - 1];
    if (c == part[matched]) ++matched;
    if (matched == part.size()) return true;
  }
  return false;
}

Value is_in(const Value& needle, const Value& hay, const Workspace& work) {
  if (hay.is_text()) {
    if (hay.text().empty()) return Value(false);
    std::string memory;
    return Value(contains_text(hay.text(), text_of(needle, memory, work.meter), work));
  }
  if (!hay.is_array() || !work.meter.take_elements(hay.size())) return Value(false);
  // Texts of the same length are compared, most of which differ early: a few bytes of each count for one.
  constexpr std::size_t kComparedAtOnce = 8;
  if (needle.is_text() && !work.meter.take_bytes(hay.size() * needle.size() / kComparedAtOnce)) {
    return Value(false);
  }
  return Value(hay.contains(needle));
}

Value merge(Arguments arguments, const Workspace& work) {
  std::size_t count = 0;
  for (const Value& part : arguments) count += part.is_array() ? part.size() : 1;
  const auto out = work.values(count);
  if (out.empty()) return Value(static_cast<const Value*>(nullptr), 0);
  std::size_t at = 0;
  for (const Value& part : arguments) {
    if (!part.is_array()) out[at++] = part;
    for (std::size_t i = 0; part.is_array() && i < part.size(); ++i) out[at++] = part.at(i);
  }
  return Value(out.data(), out.size());
}

Value sem_ver(Arguments arguments, const Workspace& work) {
  if (arguments.size() != 3 || !arguments[1].is_text()) return Value::null();
  std::string memory_a;
  std::string memory_b;
  const std::string_view text_a = text_of(arguments[0], memory_a, work.meter);
  const std::string_view text_b = text_of(arguments[2], memory_b, work.meter);
  if (!work.meter.take_scanned(text_a.size() + text_b.size())) return {};
  const auto a = Version::parse(text_a);
  const auto b = Version::parse(text_b);
  const auto comparison = parse_version_comparison(arguments[1].text());
  if (!a || !b || !comparison) return Value::null();
  return Value(compare(*a, *comparison, *b));
}

Value affix(Op op, Arguments arguments, const Workspace& work) {
  if (arguments.size() != 2 || !arguments[0].is_text() || !arguments[1].is_text()) return Value::null();
  const std::string_view text = arguments[0].text();
  const std::string_view part = arguments[1].text();
  if (!work.meter.take_bytes(part.size())) return {};
  return Value(op == Op::starts_with ? text.starts_with(part) : text.ends_with(part));
}

}  // namespace togglecast::domain::evaluation
