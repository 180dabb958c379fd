#include "observe/log_line.hpp"

#include <variant>

#include "base/control_characters.hpp"
#include "base/json_text.hpp"
#include "base/utf8.hpp"

namespace togglecast::observe {
namespace {

constexpr std::size_t kUsualLine = 400;  // bytes, with room

// A text that a stranger may have written: valid UTF-8 of a bounded length.
std::string shortened(std::string_view text) {
  if (text.size() <= kLongestText) return replace_invalid_utf8(text);
  std::size_t end = kLongestText;
  while (end > kLongestText - 3 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return replace_invalid_utf8(text.substr(0, end)) + "… (" + std::to_string(text.size()) + " bytes)";
}

// Printable ASCII without a quote, which is most texts: it stands in both formats as it is.
bool is_plain(std::string_view text) noexcept {
  return text.size() <= kLongestText && json::stands_for_itself(text);
}

void append_hex(std::string& out, char32_t code, int digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  while (digits-- > 0) out += kDigits[code >> (4 * digits) & 15];
}

void append_json_string(std::string& out, std::string_view text) {
  if (is_plain(text)) {
    out += '"';
    out += text;
    out += '"';
    return;
  }
  std::string quoted;
  json::append_string(quoted, shortened(text));
  std::size_t start = 0;
  while (const auto control = find_control_character(quoted, start)) {
    out.append(quoted, start, control->at - start);
    out += "\\u";
    append_hex(out, control->code, 4);
    start = control->at + control->length;
  }
  out.append(quoted, start);
}

// A terminal may show the text. What could move its cursor, end the line or reorder the text becomes an
// escape.
void append_plain(std::string& out, std::string_view text) {
  std::size_t start = 0;
  while (const auto control = find_control_character(text, start)) {
    out.append(text, start, control->at - start);
    out += control->code < 0x100 ? "\\x" : "\\u";
    append_hex(out, control->code, control->code < 0x100 ? 2 : 4);
    start = control->at + control->length;
  }
  out.append(text, start);
}

bool needs_quotes(std::string_view text) {
  return text.empty() || text.find_first_of(" =\"\\") != std::string_view::npos;
}

void append_text_value(std::string& out, const Field::Value& value) {
  if (const auto* given = std::get_if<std::string_view>(&value)) {
    if (is_plain(*given) && !needs_quotes(*given)) {
      out += *given;
      return;
    }
    const std::string text = shortened(*given);
    if (!needs_quotes(text)) return append_plain(out, text);
    std::string escaped;
    for (const char c : text) {
      if (c == '"' || c == '\\') escaped += '\\';
      escaped += c;
    }
    out += '"';
    append_plain(out, escaped);
    out += '"';
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    out += std::to_string(*number);
  } else if (const auto* natural = std::get_if<std::uint64_t>(&value)) {
    out += std::to_string(*natural);
  } else if (const auto* real = std::get_if<double>(&value)) {
    json::append(out, json::value(*real));
  } else {
    out += std::get<bool>(value) ? "true" : "false";
  }
}

void append_json_value(std::string& out, const Field::Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return append_json_string(out, *text);
  append_text_value(out, value);
}

}  // namespace

std::string json_line(UnixMillis at, Level level, std::string_view message, Log::Fields fields) {
  std::string line;
  line.reserve(kUsualLine);
  line += R"({"time":")";
  append_iso8601(line, at);
  line += R"(","level":")";
  line += to_string(level);
  line += R"(","message":)";
  append_json_string(line, message);
  for (const Field& field : fields) {
    line += ',';
    append_json_string(line, field.key());
    line += ':';
    append_json_value(line, field.value());
  }
  line += '}';
  return line;
}

std::string text_line(UnixMillis at, Level level, std::string_view message, Log::Fields fields) {
  std::string line;
  line.reserve(kUsualLine);
  append_iso8601(line, at);
  line += ' ';
  line += to_string(level);
  line.append(6 - to_string(level).size(), ' ');
  append_plain(line, shortened(message));
  for (const Field& field : fields) {
    line += ' ';
    append_plain(line, shortened(field.key()));
    line += '=';
    append_text_value(line, field.value());
  }
  return line;
}

}  // namespace togglecast::observe
