#include "wire/http/header_scanner.hpp"

namespace togglecast::wire::http {
namespace {

// A method is a token (RFC 9110, 5.6.2).
bool may_begin_a_request(char c) {
  const bool alphanumeric = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  return alphanumeric || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

HeaderScanner::State HeaderScanner::fail(std::size_t byte, std::string_view what) {
  problem_ = std::string(what) + " at byte " + std::to_string(byte);
  return State::malformed;
}

HeaderScanner::State HeaderScanner::scan(std::string_view block) {
  if (scanned_ == 0 && !block.empty() && !may_begin_a_request(block.front()))
    return fail(0, block.front() == '\x16' ? "TLS instead of plain HTTP" : "no HTTP method");
  while (true) {
    const std::size_t feed = block.find('\n', scanned_);
    if (line_start_ > 0 && line_start_ < block.size() &&
        (block[line_start_] == ' ' || block[line_start_] == '\t'))
      return fail(line_start_, "folded header line");
    if (feed == std::string_view::npos) {
      scanned_ = block.size();
      return State::need_more;
    }
    if (block[feed - 1] != '\r') return fail(feed, "line feed without carriage return");
    scanned_ = feed + 1;
    if (feed - 1 == line_start_) {
      size_ = feed + 1;
      return State::complete;
    }
    line_start_ = feed + 1;
  }
}

}  // namespace togglecast::wire::http
