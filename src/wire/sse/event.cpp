#include "wire/sse/event.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace togglecast::wire::sse {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append(kEnd);
}

// One field for each line; CR LF, CR and LF end a line.
void append_lines(std::string& out, std::string_view data) {
  while (true) {
    const std::size_t end = std::min(data.find_first_of("\r\n"), data.size());
    append_field(out, "data", data.substr(0, end));
    if (end == data.size()) return;
    const bool both = data[end] == '\r' && data.substr(end + 1).starts_with('\n');
    data.remove_prefix(end + (both ? 2 : 1));
  }
}

}  // namespace

bool is_one_line(std::string_view text) noexcept {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

void append_open(std::string& out, const Event& event) {
  if (event.retry) append_field(out, "retry", std::to_string(*event.retry));
  if (!event.name.empty()) append_field(out, "event", event.name);
  if (!event.data.empty()) append_lines(out, event.data);
  if (event.id) append_field(out, "id", *event.id);
}

void append(std::string& out, const Event& event) {
  append_open(out, event);
  out += kEnd;
}

void append_id(std::string& out, std::string_view id) {
  append_field(out, "id", id);
  out += kEnd;
}

bool Decoder::feed(std::string_view bytes, const std::function<void(const Received&)>& use) {
  while (!bytes.empty() && !overflowed_) {
    if (std::exchange(after_return_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    if (line_.size() + event_.data.size() + event_.name.size() + end > longest_) {
      overflowed_ = true;
      break;
    }
    line_.append(bytes.substr(0, end));
    if (end == bytes.size()) break;
    after_return_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    read_line(use);
  }
  return !overflowed_;
}

void Decoder::read_line(const std::function<void(const Received&)>& use) {
  std::string_view line = line_;
  if (!std::exchange(began_, true) && line.starts_with(kByteOrderMark))
    line.remove_prefix(kByteOrderMark.size());
  if (line.empty()) {
    if (std::exchange(has_data_, false)) {
      event_.data.pop_back();  // the line end behind the last line
      if (event_.name.empty()) event_.name = "message";
      event_.id = last_id_;
      use(event_);
    }
    event_ = {};
  } else if (const std::size_t colon = line.find(':'); colon != 0) {
    std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    read_field(line.substr(0, colon), value);
  }
  line_.clear();
}

void Decoder::read_field(std::string_view name, std::string_view value) {
  if (name == "data") {
    event_.data.append(value).append(kEnd);
    has_data_ = true;
  } else if (name == "event") {
    event_.name = value;
  } else if (name == "id") {
    if (is_one_line(value)) last_id_ = value;
  } else if (name == "retry") {
    std::uint32_t wait = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), wait);
    if (!value.empty() && error == std::errc{} && end == value.data() + value.size()) retry_ = wait;
  }
}

}  // namespace togglecast::wire::sse
