#include "domain/schema/fields.hpp"

#include <algorithm>

#include "base/control_characters.hpp"
#include "base/utf8.hpp"

namespace togglecast::domain {
namespace {

// Whether a name could disguise itself or what is shown beside it.
bool has_control_character(std::string_view text) { return find_control_character(text).has_value(); }

bool has_ascii_control(std::string_view text, bool multi_line) {
  return std::any_of(text.begin(), text.end(), [multi_line](char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (multi_line && (byte == '\n' || byte == '\r' || byte == '\t')) return false;
    return byte < 0x20 || byte == 0x7f;
  });
}

std::size_t depth_of(const json::value& json) {
  std::size_t deepest = 0;
  if (const auto* members = json.if_object()) {
    for (const auto& member : *members) deepest = std::max(deepest, depth_of(member.value()));
    return deepest + 1;
  }
  if (const auto* elements = json.if_array()) {
    for (const auto& element : *elements) deepest = std::max(deepest, depth_of(element));
    return deepest + 1;
  }
  return 0;
}

// More than the JSON of this value has, without writing it.
std::size_t most_bytes(const json::value& json) {
  constexpr std::size_t kNumber = 25, kEscape = 6, kPunctuation = 4;  // `\u0000`; quotes, colon, comma
  if (const auto* text = json.if_string()) return kEscape * text->size() + kPunctuation;
  std::size_t bytes = kNumber;
  if (const auto* members = json.if_object()) {
    for (const auto& member : *members)
      bytes += kEscape * member.key().size() + kPunctuation + most_bytes(member.value());
  } else if (const auto* elements = json.if_array()) {
    for (const auto& element : *elements) bytes += most_bytes(element) + kPunctuation;
  }
  return bytes;
}

std::string at_most_bytes(std::size_t max) { return "must be at most " + std::to_string(max) + " bytes"; }

std::string sentence_about(const std::vector<FieldIssue>& issues) {
  std::string sentence;
  for (const FieldIssue& issue : issues) {
    if (!sentence.empty()) sentence += "; ";
    sentence += issue.pointer.empty() ? issue.reason : issue.pointer + " " + issue.reason;
    if (sentence.size() > 512) return sentence + "; …";
  }
  return sentence;
}

}  // namespace

std::string json_pointer(std::string_view name) {
  std::string pointer = "/";
  for (const char c : name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

FieldReader::FieldReader(const json::value& body) : members_(body.if_object()) {
  if (members_ == nullptr) issues_.push_back({"", "must be an object"});
}

const json::value* FieldReader::take(std::string_view name) {
  if (std::find(known_.begin(), known_.end(), name) == known_.end()) known_.push_back(name);
  return members_ == nullptr ? nullptr : members_->if_contains(name);
}

std::optional<std::string> FieldReader::line(std::string_view name, std::size_t max) {
  const json::value* member = take(name);
  if (member == nullptr) return std::nullopt;
  const auto* text = member->if_string();
  if (text == nullptr) {
    refuse(name, "must be a string");
  } else if (text->empty()) {
    refuse(name, "must not be empty");
  } else if (text->size() > max) {
    refuse(name, at_most_bytes(max));
  } else if (!is_valid_utf8(*text) || has_ascii_control(*text, false) ||
             (!stored_ && has_control_character(*text))) {
    refuse(name, "must be one line of UTF-8 text without control characters");
  } else {
    return std::string(*text);
  }
  return std::nullopt;
}

std::optional<std::string> FieldReader::text(std::string_view name, std::size_t max) {
  const json::value* member = take(name);
  if (member == nullptr) return std::nullopt;
  const auto* text = member->if_string();
  if (text == nullptr) {
    refuse(name, "must be a string");
  } else if (text->size() > max) {
    refuse(name, at_most_bytes(max));
  } else if (!is_valid_utf8(*text) || has_ascii_control(*text, true)) {
    refuse(name, "must be UTF-8 text without control characters");
  } else {
    return std::string(*text);
  }
  return std::nullopt;
}

std::optional<std::string> FieldReader::key(std::string_view name) {
  const json::value* member = take(name);
  if (member == nullptr) return std::nullopt;
  const auto* text = member->if_string();
  if (text == nullptr || !is_key(*text)) {
    refuse(name, std::string(kKeyRule));
    return std::nullopt;
  }
  return std::string(*text);
}

std::optional<bool> FieldReader::boolean(std::string_view name) {
  const json::value* member = take(name);
  if (member == nullptr) return std::nullopt;
  if (!member->is_bool()) {
    refuse(name, "must be true or false");
    return std::nullopt;
  }
  return member->get_bool();
}

std::optional<std::int64_t> FieldReader::integer(std::string_view name, std::int64_t min, std::int64_t max) {
  const json::value* member = take(name);
  if (member == nullptr) return std::nullopt;
  const auto number = integer_in(*member);
  if (!number || *number < min || *number > max) {
    refuse(name, "must be an integer from " + std::to_string(min) + " to " + std::to_string(max));
    return std::nullopt;
  }
  return number;
}

const json::array* FieldReader::array(std::string_view name, std::size_t max) {
  const json::value* member = take(name);
  if (member == nullptr) return nullptr;
  const auto* elements = member->if_array();
  if (elements == nullptr) {
    refuse(name, "must be an array");
  } else if (elements->size() > max) {
    refuse(name, "must have at most " + std::to_string(max) + " elements");
  } else {
    return elements;
  }
  return nullptr;
}

std::optional<std::vector<Id>> FieldReader::ids(std::string_view name, std::size_t max) {
  const auto* elements = array(name, max);
  if (elements == nullptr) return std::nullopt;
  std::vector<Id> ids;
  ids.reserve(elements->size());
  const std::size_t before = issues_.size();
  for (std::size_t i = 0; i < elements->size(); ++i) {
    const auto id = integer_in((*elements)[i]);
    const std::string pointer = json_pointer(name) + '/' + std::to_string(i);
    if (!id || !is_id(*id)) {
      issues_.push_back({pointer, "must be an id, a positive integer"});
    } else if (std::find(ids.begin(), ids.end(), *id) != ids.end()) {
      issues_.push_back({pointer, "is named twice"});
    } else {
      ids.push_back(*id);
    }
  }
  if (issues_.size() > before) return std::nullopt;
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::optional<UnixMillis> FieldReader::time(std::string_view name) {
  const json::value* member = take(name);
  if (member == nullptr) return std::nullopt;
  const auto* text = member->if_string();
  const auto parsed = parse_iso8601(text == nullptr ? std::string_view{} : std::string_view(*text));
  if (!parsed) {
    refuse(name, "must be an ISO 8601 time such as 2026-11-23T08:15:30.042Z");
    return std::nullopt;
  }
  return *parsed;
}

std::optional<json::object> FieldReader::object(std::string_view name, std::size_t max_bytes,
                                                std::size_t max_depth) {
  const json::value* member = take(name);
  if (member == nullptr) return std::nullopt;
  if (!member->is_object()) {
    refuse(name, "must be an object");
  } else if (depth_of(*member) > max_depth) {
    refuse(name, "must not be nested deeper than " + std::to_string(max_depth) + " levels");
  } else if (most_bytes(*member) > max_bytes && json::serialize(*member).size() > max_bytes) {
    refuse(name, at_most_bytes(max_bytes) + " of JSON");
  } else {
    return member->get_object();
  }
  return std::nullopt;
}

bool FieldReader::has_value(std::string_view name) {
  const json::value* member = take(name);
  return member != nullptr && !member->is_null();
}

void FieldReader::require(std::initializer_list<std::string_view> names) {
  for (const auto name : names)
    if (members_ != nullptr && take(name) == nullptr) refuse(name, "is required");
}

void FieldReader::deny(std::initializer_list<std::string_view> names, std::string_view reason) {
  for (const auto name : names)
    if (take(name) != nullptr) refuse(name, std::string(reason));
}

void FieldReader::refuse(std::string_view name, std::string reason) {
  issues_.push_back({json_pointer(name), std::move(reason)});
}

void FieldReader::refuse(const std::vector<FieldIssue>& issues) {
  issues_.insert(issues_.end(), issues.begin(), issues.end());
}

Result<void> FieldReader::finish() {
  if (members_ != nullptr) {
    for (const auto& member : *members_) {
      if (std::find(known_.begin(), known_.end(), std::string_view(member.key())) == known_.end())
        refuse(member.key(), "is not known here");
    }
  }
  return refusal_of(std::move(issues_));
}

Result<void> refusal_of(std::vector<FieldIssue> issues) {
  if (issues.empty()) return {};
  std::string message = sentence_about(issues);
  return tl::unexpected(Error{Errc::invalid_argument, std::move(message), std::move(issues)});
}

Error within(std::string_view origin, Error error) {
  for (FieldIssue& issue : error.details) issue.pointer.insert(0, origin);
  error.message =
      error.details.empty() ? std::string(origin) + ": " + error.message : sentence_about(error.details);
  return error;
}

}  // namespace togglecast::domain
