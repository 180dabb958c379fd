#include "observe/log_line.hpp"

#include <variant>

#include "base/json.hpp"
#include "base/utf8.hpp"

namespace togglecast::observe {
namespace {

void append_json_string(std::string& out, std::string_view text) {
  json::append_string(out, is_valid_utf8(text) ? text : std::string_view(replace_invalid_utf8(text)));
}

// A terminal may show the text. Bytes that could move its cursor or end the line become escapes.
void append_plain(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::string clean = replace_invalid_utf8(text);
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const auto byte = static_cast<unsigned char>(clean[i]);
    const bool c1 = byte == 0xc2 && i + 1 < clean.size() && static_cast<unsigned char>(clean[i + 1]) < 0xa0;
    if (byte >= 0x20 && byte != 0x7f && !c1) {
      out += clean[i];
      continue;
    }
    const auto code = c1 ? static_cast<unsigned char>(clean[++i]) : byte;
    out += "\\x";
    out += kDigits[code >> 4];
    out += kDigits[code & 15];
  }
}

bool needs_quotes(std::string_view text) {
  return text.empty() || text.find_first_of(" =\"\\") != std::string_view::npos;
}

void append_text_value(std::string& out, const Field::Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    if (!needs_quotes(*text)) return append_plain(out, *text);
    std::string escaped;
    for (const char c : *text) {
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
    json::append(out, *real);
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
  std::string line = R"({"time":")" + to_iso8601(at) + R"(","level":")";
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
  std::string line = to_iso8601(at);
  line += ' ';
  line += to_string(level);
  line.append(6 - to_string(level).size(), ' ');
  append_plain(line, message);
  for (const Field& field : fields) {
    line += ' ';
    append_plain(line, field.key());
    line += '=';
    append_text_value(line, field.value());
  }
  return line;
}

}  // namespace togglecast::observe
