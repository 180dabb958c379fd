#include "wire/http/request_parser.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "wire/http/header_scanner.hpp"
#include "wire/http/request_reader.hpp"
#include "wire/http/text.hpp"

namespace togglecast::wire::http {
namespace {

constexpr std::size_t kChunkFramingBytes = 4 * 1024;  // of one chunk's header line, or of all trailers

namespace beast = boost::beast::http;

// The request line has three words, and the last is `HTTP/d.d`.
bool has_a_version(std::string_view block) {
  const std::string_view line = block.substr(0, block.find("\r\n"));
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (std::count(line.begin(), line.end(), ' ') != 2) return false;
  const std::string_view version = line.substr(line.rfind(' ') + 1);
  return version.size() == 8 && version.starts_with("HTTP/") && digit(version[5]) && version[6] == '.' &&
         digit(version[7]);
}

std::string name_of_line(std::string_view block, std::size_t at) {
  const std::string_view line = block.substr(at, block.find("\r\n", at) - at);
  const std::string_view name = line.substr(0, line.find_first_of(": \t"));
  const bool printable = std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  return printable && !name.empty() && name.size() <= 64 ? " in " + std::string(name) : std::string();
}

// What Beast found wrong with the header block at `byte`, the start of a line.
Refusal explain(const boost::beast::error_code& error, std::string_view block, std::size_t byte) {
  const std::string where = " at byte " + std::to_string(byte);
  if (error == beast::error::bad_version) {
    return has_a_version(block) ? Refusal{505, "HTTP version other than 1.0 and 1.1"}
                                : Refusal{400, "malformed HTTP version"};
  }
  if (error == beast::error::bad_method) return {400, "malformed method"};
  if (error == beast::error::bad_target) return {400, "malformed request target"};
  if (error == beast::error::multiple_content_length) return {400, "more than one Content-Length"};
  if (error == beast::error::bad_content_length)
    return {400, "Content-Length is not a number, or stands with Transfer-Encoding"};
  if (error == beast::error::bad_transfer_encoding)
    return {400, "Transfer-Encoding given twice, or with Content-Length"};
  if (error == beast::error::bad_field) return {400, "malformed header name in the line" + where};
  if (error == beast::error::bad_value)
    return {400, "malformed header value in the line" + where + name_of_line(block, byte)};
  return {400, "malformed header" + where};
}

}  // namespace

struct RequestParser::Reading {
  explicit Reading(ParserLimits given) : limits(given) {}

  State read_headers(std::string_view& input);
  State parse_headers(std::string_view block);
  State read_body(std::string_view& input);
  State read_cut_framing(std::string_view& input);
  State refuse(Refusal why);
  State refuse_framing();
  State body_error(const boost::beast::error_code& error);
  [[nodiscard]] bool body_wanted() const { return reader && !reader->is_done(); }

  ParserLimits limits;
  std::function<std::size_t(const Request&)> body_limit;
  HeaderScanner scanner;
  std::string buffer;                   // a cut header block, chunk header or trailers
  std::optional<RequestReader> reader;  // from the end of the headers to `take`
  State state = State::need_more;
  Refusal refusal;
};

RequestParser::State RequestParser::Reading::refuse(Refusal why) {
  refusal = std::move(why);
  std::string().swap(buffer);
  return state = State::refused;
}

RequestParser::State RequestParser::Reading::read_headers(std::string_view& input) {
  // Empty lines before a request are ignored (RFC 9112, 2.2), also when cut in the middle.
  if (buffer == "\r" && input.starts_with('\n')) {
    buffer.clear();
    scanner.reset();
    input.remove_prefix(1);
  }
  while (buffer.empty() && input.starts_with("\r\n")) input.remove_prefix(2);
  if (input.empty()) return state;

  const std::size_t before = buffer.size();
  const std::size_t room = limits.header_bytes - before;
  std::string_view block = input.substr(0, room);
  if (before > 0) block = buffer.append(block);
  switch (block == "\r" ? HeaderScanner::State::need_more : scanner.scan(block)) {
    case HeaderScanner::State::malformed:
      return refuse({400, scanner.problem()});
    case HeaderScanner::State::complete:
      input.remove_prefix(scanner.size() - before);
      return parse_headers(block.substr(0, scanner.size()));
    case HeaderScanner::State::need_more:
      break;
  }
  if (block.size() >= limits.header_bytes) {
    const std::string bytes = std::to_string(limits.header_bytes);
    return refuse(scanner.in_request_line() ? Refusal{414, "request line longer than " + bytes + " bytes"}
                                            : Refusal{431, "headers longer than " + bytes + " bytes"});
  }
  if (before == 0) buffer = block;
  input.remove_prefix(block.size() - before);
  return state;
}

RequestParser::State RequestParser::Reading::parse_headers(std::string_view block) {
  reader.emplace(limits, body_limit);
  reader->request().headers.reserve(block.size());
  boost::beast::error_code error;
  const std::size_t used = reader->put({block.data(), block.size()}, error);
  if (reader->refused()) return refuse(reader->refusal());
  if (error) return refuse(explain(error, block, used));
  std::string().swap(buffer);
  scanner.reset();
  return state = reader->is_done() ? State::complete : State::need_more;
}

RequestParser::State RequestParser::Reading::refuse_framing() {
  return refuse(
      {400, "chunk header or trailers longer than " + std::to_string(kChunkFramingBytes) + " bytes"});
}

RequestParser::State RequestParser::Reading::body_error(const boost::beast::error_code& error) {
  if (reader->refused()) return refuse(reader->refusal());
  if (error == beast::error::bad_chunk) return refuse({400, "malformed chunk"});
  if (error == beast::error::bad_chunk_extension) return refuse({400, "malformed chunk extension"});
  return refuse({400, "malformed chunked body"});
}

RequestParser::State RequestParser::Reading::read_body(std::string_view& input) {
  while (!input.empty()) {
    if (!buffer.empty()) {
      if (read_cut_framing(input) != State::need_more) return state;
      continue;
    }
    boost::beast::error_code error;
    input.remove_prefix(reader->put({input.data(), input.size()}, error));
    if (error == beast::error::need_more) {
      if (input.size() >= kChunkFramingBytes) return refuse_framing();
      buffer = input;
      input = {};
    } else if (error) {
      return body_error(error);
    } else if (reader->is_done()) {
      return state = State::complete;
    }
  }
  return state;
}

// Beast looks at a cut chunk header or trailer from its beginning each time, and takes for granted that what
// came since then ends a line: it is shown whole lines only, and a line feed alone ends none.
RequestParser::State RequestParser::Reading::read_cut_framing(std::string_view& input) {
  const bool between = buffer.ends_with('\r') && input.starts_with('\n');
  const std::size_t end = between ? 0 : input.find("\r\n");
  const bool cut = end == std::string_view::npos;
  const std::size_t line = cut ? input.size() : end + (between ? 1 : 2);
  if (buffer.size() + line > kChunkFramingBytes) return refuse_framing();
  buffer.append(input, 0, line);
  input.remove_prefix(line);
  if (cut) return state;

  boost::beast::error_code error;
  const std::size_t used = reader->put({buffer.data(), buffer.size()}, error);
  if (error && error != beast::error::need_more) return body_error(error);
  if (used > 0) std::string().swap(buffer);  // all of it: a line, or lines, and nothing behind
  return state = reader->is_done() ? State::complete : State::need_more;
}

RequestParser::RequestParser(ParserLimits limits) : reading_(std::make_unique<Reading>(limits)) {}
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;
RequestParser::~RequestParser() = default;

void RequestParser::on_headers(std::function<std::size_t(const Request&)> body_limit) {
  reading_->body_limit = std::move(body_limit);
}

RequestParser::State RequestParser::feed(std::string_view& input) {
  Reading& reading = *reading_;
  if (reading.state != State::need_more) return reading.state;
  if (!reading.reader && reading.read_headers(input) != State::need_more) return reading.state;
  return reading.body_wanted() ? reading.read_body(input) : reading.state;
}

Request RequestParser::take() {
  Request request = std::move(reading_->reader->request());
  reading_->reader.reset();
  reading_->state = State::need_more;
  return request;
}

const Request& RequestParser::partial() const noexcept {
  static const Request kNothing;
  return reading_->reader ? reading_->reader->request() : kNothing;
}

const Refusal& RequestParser::refusal() const noexcept { return reading_->refusal; }

bool RequestParser::in_body() const noexcept {
  return reading_->state == State::need_more && reading_->body_wanted();
}

bool RequestParser::expects_continue() const noexcept {
  return in_body() && partial().version >= 11 &&
         equal_ignoring_case(partial().headers.value("Expect"), "100-continue");
}

bool RequestParser::idle() const noexcept {
  return reading_->state == State::need_more && !reading_->reader && reading_->buffer.empty();
}

}  // namespace togglecast::wire::http
